"""Reviewer: has answers reviewed beside what callers wait for, a few at a time.

Rule: nobody waits for it. What there is no room for is dropped and counted, and what a shutdown
finds under way is booked as far as it came.
"""

import asyncio
import logging
from collections import deque

from router.judging.budget import Budget
from router.judging.counts import ReviewCounts
from router.judging.questions import Drawn
from router.judging.review import Reviewing
from router.recording import Trace

logger = logging.getLogger(__name__)

AT_ONCE = 4
"""Reviews under way."""

MOST_WAITING = 32
"""Reviews that wait for one of those to end. Each holds its answer: some megabytes in all."""

LAST_WORDS_S = 1.0
"""How long the bookings of reviews that were broken off may take."""


class Reviewer:
    """One for the process: it outlives every gateway that a reload puts in place."""

    def __init__(
        self, counts: ReviewCounts, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING
    ) -> None:
        self._counts = counts
        self._at_once = at_once
        self._most_waiting = most_waiting
        self._waiting: deque[Drawn] = deque()
        self._working: set[asyncio.Task[None]] = set()
        self._budgets: dict[str, Budget] = {}
        self._closed = False

    def submit(self, trace: Trace) -> None:
        """Have an answer reviewed that its caller has, if it is one to be judged. Never waits."""
        event, lot, judging = trace.event, trace.lot, trace.routed.in_force.judging
        if event is None or lot is None or judging is None:
            return
        if (event.outcome, event.status) != ("ok", 200) or event.model is None:
            return
        if self._closed or len(self._waiting) >= self._most_waiting:
            self._counts.reviewed(event.decision.policy, "judge", "dropped")
            return
        self._waiting.append(Drawn(trace, event, lot, judging))
        if len(self._working) < self._at_once:
            task = asyncio.get_running_loop().create_task(self._work())
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def drain(self, most_s: float) -> None:
        """Take no more, and let what is waiting and under way end within the time."""
        if self._working and most_s > 0:
            await asyncio.wait(tuple(self._working), timeout=most_s)
        self._closed = True
        while self._waiting:
            policy = self._waiting.popleft().event.decision.policy
            self._counts.reviewed(policy, "judge", "dropped")
        left = tuple(self._working)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=LAST_WORDS_S)

    async def _work(self) -> None:
        while self._waiting:
            drawn = self._waiting.popleft()
            policy = drawn.event.decision.policy
            budget = self._budgets.setdefault(policy, Budget())
            review = Reviewing(drawn, budget, self._counts)
            [failure] = await asyncio.gather(review.run(), return_exceptions=True)
            if isinstance(failure, Exception):
                # Our own mistake: it costs this review, and none of those behind it.
                logger.error("the review of decision %s failed", drawn.event.id, exc_info=failure)
