"""TurnDesk: judges on the event loop itself, for a classifier to whom a short text is no work.

Handing a text to a thread and its judgement back costs as much as judging a short one. So texts
are gathered for as long as every turn of the event loop brings another, and are then judged in one
batch: a request alone waits for one turn, in which nothing happens, and many at once share the
price, which for sixteen is half of what it is for two.
"""

import asyncio
from collections.abc import Sequence

from router.signals.desk.batch import LARGEST_BATCH, Classifier, Job, Judgement, judge


class TurnDesk:
    """For one event loop."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._jobs: list[Job] = []
        self._seen = 0

    def submit(self, texts: Sequence[str]) -> "asyncio.Future[Sequence[Judgement]]":
        """Queue texts for the next batch."""
        loop = asyncio.get_running_loop()
        judged: asyncio.Future[Sequence[Judgement]] = loop.create_future()
        if not self._jobs:
            loop.call_soon(self._look, loop)
        self._jobs.append(Job(texts, judged))
        return judged

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Judge what has gathered, unless this turn brought more of it."""
        if self._seen < len(self._jobs) < LARGEST_BATCH:
            self._seen = len(self._jobs)
            loop.call_soon(self._look, loop)
            return
        self._seen = 0
        self._judge()

    def _judge(self) -> None:
        jobs, self._jobs = self._jobs, []
        # Whoever left meanwhile has cancelled.
        wanted = [job for job in jobs if not job.judged.done()]
        for start in range(0, len(wanted), LARGEST_BATCH):
            judge(self._classifier, wanted[start : start + LARGEST_BATCH])
