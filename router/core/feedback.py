"""Feedback: how well a decision's answer did, as its user, a judge or a check saw it.

Rule: a score, a word of a fixed list and a source of a fixed list: there is no room for a text, so
that nothing people wrote gets into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from router.core.decision import Candidate
from router.core.signals import Signals

Source = Literal["user", "judge", "check"]
"""Who says so. user: whoever asked. judge: a model or a person asked to judge. check: a test that
can be run, such as the user's own unit tests."""

Word = Literal["good_fit", "overprovisioned", "underpowered", "failed"]

SOURCES: tuple[Source, ...] = get_args(Source)
WORDS: tuple[Word, ...] = get_args(Word)

SCORES: Mapping[Word, float] = {
    "good_fit": 1.0,
    "overprovisioned": 1.0,
    "underpowered": 0.0,
    "failed": 0.0,
}
"""What a word counts as. good_fit: a good answer of the right model. overprovisioned: a good
answer, and a cheaper model would have done. underpowered: not good enough, a better model was
needed. failed: of no use, and nothing is said of other models."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What one source says of one decision; what it says later takes its place.

    `at` is Unix time in seconds; `score` is from 0 (of no use) to 1 (as good as can be); `word`
    is what the score was given as, None where it was given as a number.
    """

    decision: str
    source: Source
    at: float
    score: float
    word: Word | None = None

    @property
    def cheaper_would_do(self) -> bool:
        """Whether it says that a cheaper model would have done."""
        return self.word == "overprovisioned"


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision that feedback was given on, as training, calibration and statistics read it.

    `choice` was tried first, with probability `propensity`; `model` answered, None if nobody did.
    `propensities` holds that probability for every one of `candidates`, which are best first.
    `prompt` is the request's body as JSON text, None unless content was stored. `feedback` is empty
    only where decisions without any were asked for too; such a one has no score.
    """

    decision: str
    at: float
    policy: str
    policy_version: str
    rule: str
    strategy: str
    choice: str | None
    model: str | None
    propensity: float | None
    propensities: Mapping[str, float]
    signals: Signals
    candidates: tuple[Candidate, ...]
    cost_usd: float | None
    simulated: bool
    feedback: tuple[Feedback, ...]
    prompt: str | None = None

    @property
    def score(self) -> float:
        """The mean of its sources' scores, in [0, 1]."""
        return sum(one.score for one in self.feedback) / len(self.feedback)


def judged(row: Mapping[str, Any], at: float, feedback: tuple[Feedback, ...]) -> Judged:
    """A row of the decision log as readers see it (`at` is its time), with its feedback."""
    same = ("decision", "policy", "policy_version", "rule", "strategy", "choice", "model")
    more = ("propensity", "propensities", "signals", "cost_usd", "simulated")
    return Judged(
        **{name: row[name] for name in (*same, *more)},
        at=at,
        candidates=tuple(Candidate(**one) for one in row["candidates"]),
        feedback=feedback,
        prompt=row["request_content"],
    )
