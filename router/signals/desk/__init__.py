"""Desk: where the learned signal hands in texts, and one thread judges them, batch after batch."""

import queue
import threading
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import Future

from router.signals.desk.batch import (
    LARGEST_BATCH,
    Classifier,
    ClassifierBroke,
    Job,
    Judgement,
    judge,
)
from router.signals.desk.turn import TurnDesk

__all__ = [
    "LARGEST_BATCH",
    "MOST_WAITING",
    "Classifier",
    "ClassifierBroke",
    "Desk",
    "Judgement",
    "TurnDesk",
]

MOST_WAITING = 256
"""Requests in the queue; whoever comes behind so many would not be judged in time anyway."""


class _Queued(Job, frozen=True):
    judged: "Future[Sequence[Judgement]]"


class Desk:
    """One thread that judges; requests that arrive together are judged in one batch.

    Not an executor: a process waits for an executor's threads when it ends, so a classifier that
    never returns would keep the gateway from stopping. This thread is a daemon, and it ends when
    nobody holds the desk any longer (after a reload).
    """

    def __init__(self, classifier: Classifier) -> None:
        self._work = _Work(classifier)
        self._thread: threading.Thread | None = None
        weakref.finalize(self, self._work.jobs.put, None)

    def busy_seconds(self) -> float:
        """For how long the batch under way has been worked on; 0 when none is."""
        since = self._work.since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def is_full(self) -> bool:
        """Whether too many are waiting already."""
        return self._work.jobs.qsize() >= MOST_WAITING

    def submit(self, texts: Sequence[str]) -> "Future[Sequence[Judgement]]":
        """Queue texts for the next batch. Called from the event loop only."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._work.run, name="slm-router-classifier", daemon=True
            )
            self._thread.start()
        judged: Future[Sequence[Judgement]] = Future()
        self._work.jobs.put(_Queued(texts, judged))
        return judged


class _Work:
    """What the thread does. It knows the desk's queue, not the desk, which can thus be let go."""

    def __init__(self, classifier: Classifier) -> None:
        self.jobs: queue.SimpleQueue[_Queued | None] = queue.SimpleQueue()
        self.since: float | None = None
        self._classifier = classifier

    def run(self) -> None:
        """Judge batch after batch until None is found in the queue."""
        while (job := self.jobs.get()) is not None:
            batch = [job]
            while len(batch) < LARGEST_BATCH and not self.jobs.empty():
                following = self.jobs.get()
                if following is None:
                    self.jobs.put(None)
                    break
                batch.append(following)
            if wanted := [job for job in batch if job.judged.set_running_or_notify_cancel()]:
                self._judge(wanted)

    def _judge(self, batch: Sequence[_Queued]) -> None:
        # A batch that raises is judged again, job by job: all that counts as one.
        self.since = time.monotonic()
        try:
            judge(self._classifier, batch)
        finally:
            self.since = None
