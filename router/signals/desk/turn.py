"""TurnDesk: judges on the event loop itself, for a classifier to whom a short text is no work.

Handing a text to a thread and its judgement back costs as much as judging a short one. So what
comes in within one turn of the event loop is judged in one batch at the turn's end: a request alone
waits for nobody, and many at once share the price.
"""

import asyncio
from collections.abc import Sequence

from router.signals.desk.batch import LARGEST_BATCH, Classifier, Job, Judgement, judge


class TurnDesk:
    """For one event loop."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._jobs: list[Job] = []

    def submit(self, texts: Sequence[str]) -> "asyncio.Future[Sequence[Judgement]]":
        """Queue texts for the end of this turn."""
        loop = asyncio.get_running_loop()
        judged: asyncio.Future[Sequence[Judgement]] = loop.create_future()
        if not self._jobs:
            loop.call_soon(self._judge)
        self._jobs.append(Job(texts, judged))
        return judged

    def _judge(self) -> None:
        jobs, self._jobs = self._jobs, []
        # Whoever left meanwhile has cancelled.
        wanted = [job for job in jobs if not job.judged.done()]
        for start in range(0, len(wanted), LARGEST_BATCH):
            judge(self._classifier, wanted[start : start + LARGEST_BATCH])
