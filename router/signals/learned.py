"""What a trained classifier makes of the request: how hard it is, what about, and what to do.

`complexity` (number, 0-1): calibrated probability that a small model falls short of a large one:
    of this policy's own two where the classifier knows both, else of any two such models.
`difficulty` (number): the same in logits above the average prompt; 0 is average.
`quality.<model>` (numbers, 0-1): for each model of the catalog, the predicted probability of a
    good answer. Strategies and limits go by it.
`abstain` (flag): the request is unlike what the classifier was calibrated on, by its language or
    its subject: all of these are guesses from its outer shape (length, numbers, formulas, code).
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
easier than the user turn that it goes back to: both are judged, the harder one counts, the lower
quality of each model, and the surer domain and task.

How often the shipped classifier abstains, with 95 % intervals, and how many of these are easy by
their shape (`difficulty` under -0.7), which the default policy then trusts; all else that is
abstained from it sends to the best model (tests/benchmarks/measure_abstain.py):

                                            n    abstains            easy by shape
    val, seven datasets of exams, tasks  2766    0.005 [0.00, 0.01]  0.43
    val, short commands (intents)        5472    0.016 [0.01, 0.02]  0.89
    demo, English                         192    0.010 [0.00, 0.03]  0.50
    demo, German French Spanish
      Russian Chinese: easy                51    0.980 [0.94, 1.00]  0.50
      medium                               33    0.848 [0.73, 0.97]  0.14
      hard                                 24    0.917 [0.79, 1.00]  0.23
    74 languages: sentences              2230    0.990 [0.98, 0.99]  0.40
      single words                       1097    0.986 [0.98, 0.99]  0.90
    English: sentences                     34    0.000 [0.00, 0.00]  -
      single words                         12    0.417 [0.17, 0.71]  1.00
    random letters                        300    1.000 [1.00, 1.00]  0.37
    Python files                          128    0.000 [0.00, 0.00]  -

Shape is evidence: on val prompts whose shape alone puts complexity under 0.1 the measured gap is
0.10 [0.08, 0.12] (n = 405), on all of them 0.26 [0.25, 0.28] (n = 2,766). A word or two of English
is hardly evidence of its language; it is easy by its shape.

Options:

`timeout`: how long a request waits for the classifier (default 100ms). Over it these signals are
    unknown for the request, the rules that need them cannot hold, and the answer is not waited for.
`artifact`: folder of another classifier than the shipped one; `slm-router train` makes
    one.
"""

import asyncio
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from router.core.request import FOCUS_CHARACTERS, RoutedRequest
from router.core.signals import (
    DOMAINS,
    QUALITY,
    TASKS,
    Signals,
    SignalSpec,
    SignalValue,
    Vocabulary,
)
from router.core.tokens import estimated_tokens
from router.core.units import Duration
from router.errors import RouterError
from router.signals.desk import Classifier, Desk, Judgement, TurnDesk

__all__ = ["Classifier", "Judgement", "LearnedOptions", "LearnedSignal", "texts_to_judge"]

LIGHT_CHARACTERS = 1_000
"""What a light classifier judges on the event loop: about as much as takes it 0.2 ms when the
texts of several requests share a batch."""

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
    "abstain": SignalSpec("flag", "unlike what the classifier was calibrated on", learned=True),
}


def vocabulary(options: LearnedOptions) -> Vocabulary:
    """The names yielded, whatever the options; `quality.<model>` depends on the catalog."""
    return VOCABULARY


class SignalTimeout(RouterError):
    """The classifier did not judge in time, or is stuck with earlier requests."""


class LearnedSignal:
    """Yields `complexity`, `difficulty`, `domain`, `task` and their confidences."""

    def __init__(self, options: LearnedOptions, classifier: Classifier) -> None:
        self._timeout = options.timeout
        self._desk = Desk(classifier)
        # One that says so runs no model: to hand a short text to a thread would cost more.
        self._turn = TurnDesk(classifier) if getattr(classifier, "is_light", False) else None

    async def extract(self, request: RoutedRequest) -> Signals:
        """The judgement of what is routed on.

        Raises SignalTimeout over the timeout, and at once while the classifier has been busy with
        one batch for longer than that or the queue is full. Whatever the classifier raises passes
        through, as ClassifierBroke where it is no ordinary error.
        """
        texts = texts_to_judge(request)
        if self._turn is not None and sum(map(len, texts)) <= LIGHT_CHARACTERS:
            return _signals(await self._turn.submit(texts))
        if self._desk.busy_seconds() > self._timeout or self._desk.is_full:
            raise SignalTimeout("the classifier is stuck with earlier requests")
        judged = self._desk.submit(texts)
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
    focus = request.focus
    if len(focus) <= len(request.last_user_text):
        return [focus]
    said = [turn.text for turn in request.turns if turn.role == "user"]
    earlier = [text[:FOCUS_CHARACTERS] for text in said[:-1] if text]
    standing = (text for text in reversed(earlier) if estimated_tokens(text) >= STANDALONE_TOKENS)
    return [focus, next(standing, earlier[0])] if earlier else [focus]


def _signals(judgements: Sequence[Judgement]) -> Signals:
    first = judgements[0]
    if len(judgements) == 1:
        # As nearly always is the case.
        return _told(first, first, first, bool(first.abstain), first.quality)
    hardest = max(judgements, key=lambda judgement: judgement.complexity)
    return _told(
        hardest,
        max(judgements, key=lambda judgement: judgement.domain_confidence),
        max(judgements, key=lambda judgement: judgement.task_confidence),
        any(judgement.abstain for judgement in judgements),
        {model: min(one.quality[model] for one in judgements) for model in hardest.quality},
    )


def _told(
    hardest: Judgement,
    on_domain: Judgement,
    on_task: Judgement,
    abstain: bool,
    quality: Mapping[str, float],
) -> Signals:
    told: dict[str, SignalValue] = {
        "complexity": float(hardest.complexity),
        "complexity_confidence": float(hardest.complexity_confidence),
        "difficulty": float(hardest.difficulty),
        "domain": on_domain.domain,
        "domain_confidence": float(on_domain.domain_confidence),
        "task": on_task.task,
        "task_confidence": float(on_task.task_confidence),
        "abstain": abstain,
    }
    for model, probability in quality.items():
        told[QUALITY + model] = round(float(probability), 4)
    return told
