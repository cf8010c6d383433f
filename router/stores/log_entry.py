"""LogEntry: what waits to be written to the decision log, and who waits for that."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from router.core.event import RoutingEvent
from router.core.review import Review
from router.errors import RouterError
from router.stores.feedback_row import Given
from router.stores.sqlite_rows import JournaledRow

Told = RoutingEvent | Given | Review
"""What is written alone, for somebody waits for it."""


class Waiter(Struct, frozen=True):
    """Who waits on which event loop."""

    written: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop


class LogEntry(Struct, frozen=True):
    """What to write; `waiter` is None where nobody waits for it. `done` is called once it is
    written."""

    told: Told | JournaledRow | None
    waiter: Waiter | None = None
    done: Callable[[], None] | None = None

    @property
    def is_tried_again(self) -> bool:
        """As long as it is not written: what nobody waits for; and money that has been spent."""
        return self.waiter is None or isinstance(self.told, Review)


def tell(batch: Sequence[LogEntry], results: Sequence[RouterError | None]) -> None:
    """Settle the futures, with one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Any]] = {}
    for entry, result in zip(batch, results, strict=True):
        if entry.waiter is not None:
            by_loop.setdefault(entry.waiter.loop, []).append((entry.waiter.written, result))
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:
            # The loop has been closed: nobody waits there any more.
            continue


def _settle(settled: Sequence[tuple[asyncio.Future[None], RouterError | None]]) -> None:
    for written, error in settled:
        if written.done():
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)
