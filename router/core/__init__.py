"""The pure routing decision. No I/O, clock, randomness, logging or framework in this package."""
