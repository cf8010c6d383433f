"""A batch of texts and what a classifier makes of it, shared out to whoever asked."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Protocol

from msgspec import Struct

from router.errors import RouterError

LARGEST_BATCH = 16
"""Requests judged at once; more would keep the first one waiting for the last."""


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


class Judged(Protocol):
    """Where a judgement is waited for: a Future of concurrent.futures or of asyncio."""

    def set_result(self, result: Sequence[Judgement], /) -> None: ...
    def set_exception(self, exception: BaseException, /) -> None: ...
    def done(self) -> bool: ...


class Job(Struct, frozen=True):
    """The texts of one request."""

    texts: Sequence[str]
    judged: Judged


def judge(classifier: Classifier, batch: Sequence[Job]) -> None:
    """Judge the texts of all jobs at once, and settle each. Never raises.

    Where the classifier does, each job is judged alone: the error belongs to whose text it is.
    """
    try:
        judged = classifier.judge([text for job in batch for text in job.texts])
        ends = list(accumulate(len(job.texts) for job in batch))
        shares = [judged[end - len(job.texts) : end] for job, end in zip(batch, ends, strict=True)]
    except BaseException as error:  # noqa: BLE001  the thread must outlive it
        # Whatever it is belongs to whoever asked, and to nobody who came at the same time. A
        # panic in Rust (tokenizers, safetensors) is no Exception: it would end the thread.
        _blame(classifier, batch, error)
    else:
        for job, share in zip(batch, shares, strict=True):
            job.judged.set_result(share)


def _blame(classifier: Classifier, batch: Sequence[Job], error: BaseException) -> None:
    if len(batch) == 1:
        if not isinstance(error, Exception):
            # The event loop would take it for its own end.
            told = ClassifierBroke(f"the classifier ended in {type(error).__name__}")
            told.__cause__ = error
            error = told
        batch[0].judged.set_exception(error)
        return
    for job in batch:
        judge(classifier, [job])
