"""Evidence: pure statistics on decisions and what became of them. No I/O, no clock, no chance."""
