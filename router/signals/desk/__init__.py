"""Desk: where the learned signal hands in texts, and one thread judges them, batch after batch."""

import queue
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from router.errors import RouterError

LARGEST_BATCH = 16
"""Requests judged at once; more would keep the first one waiting for the last."""

MOST_WAITING = 256
"""Requests in the queue; whoever comes behind so many would not be judged in time anyway."""


class Judgement(Protocol):
    """What a classifier makes of one text; see the names above."""

    @property
    def complexity(self) -> float: ...
    @property
    def complexity_confidence(self) -> float: ...
    @property
    def difficulty(self) -> float: ...
    @property
    def domain(self) -> str: ...
    @property
    def domain_confidence(self) -> float: ...
    @property
    def task(self) -> str: ...
    @property
    def task_confidence(self) -> float: ...
    @property
    def abstain(self) -> bool: ...
    @property
    def quality(self) -> Mapping[str, float]: ...


class Classifier(Protocol):
    """Anything that judges texts, in order, for any text at all. Called from one thread."""

    def judge(self, texts: Sequence[str], /) -> Sequence[Judgement]:
        """One judgement a text."""
        ...


class ClassifierBroke(RouterError):
    """The classifier ended in something that is not an ordinary error, such as a Rust panic."""


@dataclass(frozen=True, slots=True)
class _Job:
    texts: Sequence[str]
    judged: "Future[Sequence[Judgement]]" = field(default_factory=Future)


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
        job = _Job(texts)
        self._work.jobs.put(job)
        return job.judged


class _Work:
    """What the thread does. It knows the desk's queue, not the desk, which can thus be let go."""

    def __init__(self, classifier: Classifier) -> None:
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
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

    def _judge(self, batch: Sequence[_Job]) -> None:
        self.since = time.monotonic()
        try:
            judged = self._classifier.judge([text for job in batch for text in job.texts])
            ends = list(accumulate(len(job.texts) for job in batch))
            shares = [
                judged[end - len(job.texts) : end] for job, end in zip(batch, ends, strict=True)
            ]
        except BaseException as error:  # noqa: BLE001
            # Whatever it is belongs to whoever asked, and to nobody who came at the same time. A
            # panic in Rust (tokenizers, safetensors) is no Exception: it would end the thread.
            self._blame(batch, error)
        else:
            for job, share in zip(batch, shares, strict=True):
                job.judged.set_result(share)
        finally:
            self.since = None

    def _blame(self, batch: Sequence[_Job], error: BaseException) -> None:
        if len(batch) == 1:
            if not isinstance(error, Exception):
                # The event loop would take it for its own end.
                told = ClassifierBroke(f"the classifier ended in {type(error).__name__}")
                told.__cause__ = error
                error = told
            batch[0].judged.set_exception(error)
            return
        for job in batch:
            self._judge([job])
