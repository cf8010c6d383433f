"""Deadlines: time limits of many tasks that share one timer.

Rule: `within` does what `asyncio.timeout` does, for a tenth of its price. Nearly no limit is ever
reached, so none has a timer of its own to set and take back: one goes off when the first of them
could be over, and looks.
"""

import asyncio
from types import TracebackType


class _Running:
    """The limits in force on one event loop."""

    __slots__ = ("limits", "look_at", "loop", "timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.limits: set[within] = set()
        self.look_at = 0.0
        self.timer: asyncio.TimerHandle | None = None

    def add(self, limit: "within") -> None:
        """Put a limit in force."""
        self.limits.add(limit)
        if self.timer is None or limit.due < self.look_at:
            self._look_at(limit.due)

    def _look_at(self, due: float) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.look_at, self.timer = due, self.loop.call_at(due, self._look)

    def _look(self) -> None:
        self.timer, now = None, self.loop.time()
        for limit in [it for it in self.limits if it.due <= now]:
            self.limits.discard(limit)
            limit.give_up()
        if self.limits:
            self._look_at(min(limit.due for limit in self.limits))


class within:
    """Raises TimeoutError out of its block where the task has been in there for `seconds`.

    Anything else that is raised in there passes, and so does a cancellation by others.
    """

    __slots__ = ("_cancelling", "_over", "_running", "_seconds", "_task", "due")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._task, self._cancelling, self._over = task, task.cancelling(), False
        self.due = loop.time() + self._seconds
        self._running = running = _on(loop)
        running.add(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._over:
            self._running.limits.discard(self)
        elif self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def give_up(self) -> None:
        """The time is over."""
        self._over = True
        self._task.cancel()


_last: _Running | None = None


def _on(loop: asyncio.AbstractEventLoop) -> _Running:
    """What is in force on a loop. A process has one, but for tests and for what they leave."""
    global _last
    running = _last
    if running is None or running.loop is not loop:
        # Limits of another loop hold on to what they were put into.
        _last = running = _Running(loop)
    return running
