"""LastingMeasures: keeps what was measured of models over a restart, and alike in every process.

Rule: nothing of it is on the way of a request. Now and then a thread adds to the log's file what
this process has measured since, and what all have measured together takes its place.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from router.core.ledger import SECONDS_PER_DAY
from router.core.lengths import UNMEASURED, Measured
from router.errors import DecisionLogError
from router.ports import Clock
from router.stores.memory import MemoryStatsStore
from router.stores.sqlite_measured import SQLiteMeasured

EXCHANGE_S = 30.0
"""So much of what was measured is lost if the process is killed."""

Identities = Callable[[], Mapping[str, str]]
"""Tells by the name of each model which weights it stands for: another name, other measurements."""

logger = logging.getLogger(__name__)


class LastingMeasures:
    """Exchanges the measurements of `stats` with `kept`, for one event loop."""

    def __init__(
        self, stats: MemoryStatsStore, kept: SQLiteMeasured, identities: Identities, clock: Clock
    ) -> None:
        self._stats = stats
        self._kept = kept
        self._identities = identities
        self._clock = clock
        self._known: Mapping[str, str] = {}
        self._added: Mapping[str, Measured] = {}
        self._failing = False
        self._exchanging = asyncio.Lock()

    async def run(self) -> None:
        """Exchange every EXCHANGE_S, until cancelled."""
        while True:
            await asyncio.sleep(EXCHANGE_S)
            await self.exchange()

    async def exchange(self) -> None:
        """Add what was measured since the last time, and take over what all have. Where the file
        cannot be written nothing changes, and the next time tries again."""
        async with self._exchanging:
            await self._exchange()

    async def _exchange(self) -> None:
        names, before, added = dict(self._identities()), self._stats.measured(), self._added
        # Of a name that stands for other weights now nothing is carried on.
        same = {name: it for name, it in names.items() if self._known.get(name, it) == it}
        new = {
            same[name]: _renamed(it.minus(added.get(name, UNMEASURED)), same)
            for name, it in before.items()
            if name in same and it != added.get(name, UNMEASURED)
        }
        # Taken for written from here on: a thread goes on when who waits for it is cancelled.
        self._added, self._known = before, names
        day = int(self._clock.now() // SECONDS_PER_DAY)
        try:
            kept = await asyncio.to_thread(self._kept.exchange, new, day)
        except DecisionLogError as error:
            self._added = added
            if not self._failing:
                logger.error("%s What was measured of models is not kept meanwhile.", error)
            self._failing = True
            return
        self._failing = False
        self._take(kept, names, before)

    def _take(
        self, kept: Mapping[str, Measured], names: Mapping[str, str], before: Mapping[str, Measured]
    ) -> None:
        back = {identity: name for name, identity in names.items()}
        totals = {back[it]: _renamed(kept[it], back) for it in kept.keys() & back.keys()}
        now = self._stats.measured()
        for name in now.keys() | totals.keys():
            since = now.get(name, UNMEASURED).minus(before.get(name, UNMEASURED))
            self._stats.measure(name, totals.get(name, UNMEASURED).plus(since))
        self._added = totals


def _renamed(it: Measured, names: Mapping[str, str]) -> Measured:
    """With other names for its baselines; those that have none are left out."""
    compared = {names[name]: one for name, one in it.compared.items() if name in names}
    return Measured(compared, it.counted)
