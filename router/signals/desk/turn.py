"""TurnDesk: judges on the event loop itself, for a classifier to whom a short text is no work.

Handing a text to a thread and its judgement back costs as much as judging a short one. So texts are
gathered over a few turns of the event loop and judged in one batch: of sixteen, each costs half of
what it does of two.
"""

import asyncio
from collections.abc import Sequence

from router.gathering import Gathering
from router.signals.desk.batch import LARGEST_BATCH, Classifier, Job, Judgement, judge


class TurnDesk:
    """For one event loop."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._jobs = Gathering[Job](self._judge, LARGEST_BATCH)

    def submit(self, texts: Sequence[str]) -> "asyncio.Future[Sequence[Judgement]]":
        """Queue texts for the next batch."""
        judged: asyncio.Future[Sequence[Judgement]] = asyncio.get_running_loop().create_future()
        self._jobs.add(Job(texts, judged))
        return judged

    def _judge(self, jobs: Sequence[Job]) -> None:
        # Whoever left meanwhile has cancelled.
        wanted = [job for job in jobs if not job.judged.done()]
        for start in range(0, len(wanted), LARGEST_BATCH):
            judge(self._classifier, wanted[start : start + LARGEST_BATCH])
