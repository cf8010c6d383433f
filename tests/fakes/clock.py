"""A clock that stands still until it is told to go on."""


class FakeClock:
    """Satisfies router.ports.Clock."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.wall = now
        self.monotonic = 100.0

    def now(self) -> float:
        return self.wall

    def elapsed(self) -> float:
        return self.monotonic

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds
