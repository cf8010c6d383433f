"""What a trained classifier makes of the request: how hard it is, what about, and what to do.

`complexity` (number, 0-1): calibrated probability that a small model falls short of a large one.
`difficulty` (number): the same in logits above the average prompt; 0 is average.
`domain` (text): the subject, one of the 14 categories of MMLU-Pro.
`task` (text): what is asked for: chat, question_answering, reasoning, maths, code, ...
`complexity_confidence`, `domain_confidence`, `task_confidence` (numbers, 0-1): how far to trust
    each, as the classifier gives it.

    signals:
      learned: {timeout: 50ms, artifact: ./my-classifier}

    rules:
      - name: hard
        when: {all: [{signal: complexity, at_least: 0.6},
                     {signal: complexity_confidence, at_least: 0.7}]}
        ...

Judged is what is routed on: the last user turn, with its context where it is too short to stand
alone, so that "yes, go ahead" is as hard as what it says yes to. Such a follow-up is never judged
easier than the user turn that it goes back to: both are judged, the harder one counts, and the
surer domain and task.

Options:

`timeout`: how long a request waits for the classifier (default 100ms). Over it these signals are
    unknown for the request, the rules that need them cannot hold, and the answer is not waited for.
`artifact`: folder of another classifier than the shipped one; `slm-router train` makes
    one.
"""

import asyncio
import queue
import threading
import time
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from router.core.request import FOCUS_CHARACTERS, RoutedRequest
from router.core.signals import DOMAINS, TASKS, Signals, SignalSpec, Vocabulary
from router.core.tokens import estimated_tokens
from router.core.units import Duration
from router.errors import RouterError

LARGEST_BATCH = 16
"""Requests judged at once; more would keep the first one waiting for the last."""

MOST_WAITING = 256
"""Requests in the queue; whoever comes behind so many would not be judged in time anyway."""

STANDALONE_TOKENS = 16
"""A user turn of this many tokens, about a dozen words, says by itself what is asked."""


class LearnedOptions(BaseModel):
    """`timeout` in seconds once read; `artifact` a folder, None for the shipped classifier."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    timeout: Duration = 0.1
    artifact: str | None = None


VOCABULARY: Vocabulary = {
    "complexity": SignalSpec(
        "number", "probability that a small model falls short", low=0, high=1, learned=True
    ),
    "complexity_confidence": SignalSpec(
        "number", "how far to trust complexity", low=0, high=1, learned=True
    ),
    "difficulty": SignalSpec(
        "number", "logits of complexity above the average prompt", learned=True
    ),
    "domain": SignalSpec("text", "the subject of the request", values=DOMAINS, learned=True),
    "domain_confidence": SignalSpec(
        "number", "how far to trust domain", low=0, high=1, learned=True
    ),
    "task": SignalSpec("text", "what is asked for", values=TASKS, learned=True),
    "task_confidence": SignalSpec("number", "how far to trust task", low=0, high=1, learned=True),
}


def vocabulary(options: LearnedOptions) -> Vocabulary:
    """The names yielded, whatever the options."""
    return VOCABULARY


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


class Classifier(Protocol):
    """Anything that judges texts, in order, for any text at all. Called from one thread."""

    def judge(self, texts: Sequence[str], /) -> Sequence[Judgement]:
        """One judgement a text."""
        ...


class SignalTimeout(RouterError):
    """The classifier did not judge in time, or is stuck with earlier requests."""


class ClassifierBroke(RouterError):
    """The classifier ended in something that is not an ordinary error, such as a Rust panic."""


class LearnedSignal:
    """Yields `complexity`, `difficulty`, `domain`, `task` and their confidences."""

    def __init__(self, options: LearnedOptions, classifier: Classifier) -> None:
        self._timeout = options.timeout
        self._desk = _Desk(classifier)

    async def extract(self, request: RoutedRequest) -> Signals:
        """The judgement of what is routed on.

        Raises SignalTimeout over the timeout, and at once while the classifier has been busy with
        one batch for longer than that or the queue is full. Whatever the classifier raises passes
        through, as ClassifierBroke where it is no ordinary error.
        """
        if self._desk.busy_seconds() > self._timeout or self._desk.is_full:
            raise SignalTimeout("the classifier is stuck with earlier requests")
        judged = self._desk.submit(texts_to_judge(request))
        try:
            # A timeout cancels the job, so that the thread skips it if it has not begun.
            judgements = await asyncio.wait_for(asyncio.wrap_future(judged), self._timeout)
        except TimeoutError as error:
            raise SignalTimeout(
                f"the classifier took longer than {self._timeout * 1000:g} ms"
            ) from error
        return _signals(judgements)


def texts_to_judge(request: RoutedRequest) -> list[str]:
    """What to judge: the focus, and for a follow-up also the user turn it goes back to alone.

    In the focus a long answer may drown what was asked, or leave no room for it.
    """
    focus, said = request.focus, [turn.text for turn in request.turns if turn.role == "user"]
    if len(focus) <= len(request.last_user_text):
        return [focus]
    earlier = [text[:FOCUS_CHARACTERS] for text in said[:-1] if text]
    standing = (text for text in reversed(earlier) if estimated_tokens(text) >= STANDALONE_TOKENS)
    return [focus, next(standing, earlier[0])] if earlier else [focus]


def _signals(judgements: Sequence[Judgement]) -> Signals:
    hardest = max(judgements, key=lambda judgement: judgement.complexity)
    on_domain = max(judgements, key=lambda judgement: judgement.domain_confidence)
    on_task = max(judgements, key=lambda judgement: judgement.task_confidence)
    return {
        "complexity": float(hardest.complexity),
        "complexity_confidence": float(hardest.complexity_confidence),
        "difficulty": float(hardest.difficulty),
        "domain": on_domain.domain,
        "domain_confidence": float(on_domain.domain_confidence),
        "task": on_task.task,
        "task_confidence": float(on_task.task_confidence),
    }


@dataclass(frozen=True, slots=True)
class _Job:
    texts: Sequence[str]
    judged: "Future[Sequence[Judgement]]" = field(default_factory=Future)


class _Desk:
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
