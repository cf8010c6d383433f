"""SharedTime: how long each of several calls kept a machine busy, so that the shares sum to it.

While n calls run side by side, each is charged 1/n of every second (processor sharing). Summed over
all calls this is the time in which the machine had anything to do, each second counted once.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedTime:
    """`running` calls at the moment `at`, and the seconds charged so far to a call that has run
    from the very beginning (the virtual time of Kleinrock, Queueing Systems II, section 4.4)."""

    running: int = 0
    charged: float = 0.0
    at: float = 0.0

    def until(self, now: float) -> "SharedTime":
        """The same calls, at a later moment (monotonic seconds)."""
        passed = max(now - self.at, 0.0) / self.running if self.running else 0.0
        return SharedTime(self.running, self.charged + passed, now)

    def entered(self, now: float) -> "SharedTime":
        """One more call runs; its start is the `charged` of what is returned."""
        then = self.until(now)
        return SharedTime(then.running + 1, then.charged, now)

    def left(self, now: float) -> "SharedTime":
        """One call less; what it is charged is this `charged` less that of its start."""
        then = self.until(now)
        return SharedTime(max(then.running - 1, 0), then.charged, now)
