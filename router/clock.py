"""SystemClock: the machine's time, as the port Clock wants it."""

import time


class SystemClock:
    """Wall time and monotonic time."""

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time()

    def elapsed(self) -> float:
        """Monotonic seconds."""
        return time.perf_counter()
