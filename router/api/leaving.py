"""Leaving: how the server's connection tells a request that its caller has gone.

A task that waits at the connection for that costs a request more than its headers do, and nearly
every one of them is cancelled unused. Our own connections (`router/connection.py`) tell by a call
instead; under any other server the task is there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

from starlette.types import Scope

from router.errors import CallerLeft

_T = TypeVar("_T")
_KEY = "slm_router.leaving"
_LEFT = "The caller closed the connection."


class Leaving:
    """One request's caller: whether it has `left`, and the task that is to be told."""

    __slots__ = ("_task", "left")

    def __init__(self) -> None:
        self.left = False
        self._task: asyncio.Task[Any] | None = None

    @classmethod
    def put_into(cls, scope: Any) -> "Leaving":
        """A new one, where `of` finds it."""
        scope[_KEY] = made = cls()
        return made

    @staticmethod
    def of(scope: Scope) -> "Leaving | None":
        """That of a request; None where the server does not tell."""
        found: Leaving | None = scope.get(_KEY)
        return found

    def leave(self) -> None:
        """The caller has gone. Called by the connection."""
        self.left = True
        if self._task is not None:
            self._task.cancel()

    async def unless_left(self, work: Awaitable[_T], interrupted: Callable[[bool], None]) -> _T:
        """The result of `work`, which is cancelled as soon as the caller leaves.

        Raises CallerLeft in that case. `interrupted` is called with True before `work` learns that
        it is cancelled for any other reason, and with False where it outlives that: then a time
        limit of its own was over.
        """
        watched = _Watched(work, self, interrupted)
        task = self._task = asyncio.current_task()
        assert task is not None
        try:
            result: _T = await watched
        except asyncio.CancelledError:
            if not self.left:
                raise
            task.uncancel()
            raise CallerLeft(_LEFT) from None
        finally:
            self._task = None
        return result


class _Watched(Generator[Any, Any, _T]):
    """Awaits `work`, and sees a cancellation before it does."""

    def __init__(
        self, work: Awaitable[_T], leaving: Leaving, interrupted: Callable[[bool], None]
    ) -> None:
        self._steps = work.__await__()
        self._leaving = leaving
        self._interrupted = interrupted
        self._begun = False

    def __await__(self) -> "_Watched[_T]":
        return self

    def send(self, value: Any) -> Any:
        """The next step of the work."""
        waited_for = self._steps.send(value)
        if self._begun or not self._leaving.left:
            self._begun = True
            return waited_for
        # It left before anybody could be told.
        self._begun = True
        return self._steps.throw(asyncio.CancelledError())

    def throw(self, kind: Any, value: Any = None, traceback: Any = None) -> Any:
        """The next step, at which this is raised."""
        error = value if isinstance(value, BaseException) else kind
        if not isinstance(error, asyncio.CancelledError) or self._leaving.left:
            return self._steps.throw(error)
        self._interrupted(True)
        waited_for = self._steps.throw(error)
        task = asyncio.current_task()
        if task is not None and not task.cancelling():
            self._interrupted(False)
        return waited_for
