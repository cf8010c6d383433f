"""Leaving: how the server's connection tells a request that its caller has gone.

A task that waits at the connection for that costs a request more than its headers do, and nearly
every one of them is cancelled unused. Our own connections (`router/connection.py`) tell by a call
instead; under any other server the task is there.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from starlette.types import Scope

from router.errors import CallerLeft

_T = TypeVar("_T")
_KEY = "slm_router.leaving"
_LEFT = "The caller closed the connection."


class Leaving:
    """One request's caller: whether it has `left`, and the task that is to be told.

    `told`: a connection of ours calls `leave`; else whoever reads what comes in finds out.
    """

    __slots__ = ("_task", "left", "told")

    def __init__(self, told: bool = False) -> None:
        self.left = False
        self.told = told
        self._task: asyncio.Task[Any] | None = None

    @classmethod
    def put_into(cls, scope: Any) -> "Leaving":
        """A new one that will be told, where `of` finds it."""
        scope[_KEY] = made = cls(told=True)
        return made

    @classmethod
    def of(cls, scope: Scope) -> "Leaving":
        """That of a request."""
        found: Leaving | None = scope.get(_KEY)
        if found is None:
            scope[_KEY] = found = cls()
        return found

    def has_left(self) -> bool:
        """Whether it has: if not, it is somebody else who cancels a task."""
        return self.left

    def leave(self) -> None:
        """The caller has gone. Called by the connection."""
        self.left = True
        if self._task is not None:
            self._task.cancel()

    async def unless_left(self, work: Awaitable[_T]) -> _T:
        """The result of `work`, which is cancelled as soon as `leave` is called.

        Raises CallerLeft in that case. The caller must still be there when this begins.
        """
        task = self._task = asyncio.current_task()
        assert task is not None
        try:
            return await work
        except asyncio.CancelledError:
            if not self.left:
                raise
            task.uncancel()
            raise CallerLeft(_LEFT) from None
        finally:
            self._task = None
