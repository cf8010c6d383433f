"""What the classifier says of one prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import exp

from msgspec import Struct, field


class Scores(Mapping[str, float]):
    """Probability of each label: the softmax of their log-odds [k], worked out when it is asked
    for, as the gateway asks for the largest alone."""

    __slots__ = ("_labels", "_odds", "_scores")

    def __init__(self, labels: Sequence[str], odds: Sequence[float]) -> None:
        self._labels, self._odds = labels, odds
        self._scores: dict[str, float] | None = None

    @property
    def surest(self) -> tuple[str, float]:
        """The likeliest label, and its probability."""
        largest = max(self._odds)
        total = sum(map(exp, [each - largest for each in self._odds]))
        return self._labels[self._odds.index(largest)], 1 / total

    def _worked_out(self) -> dict[str, float]:
        if self._scores is None:
            largest = max(self._odds)
            shifted = [exp(each - largest) for each in self._odds]
            total = sum(shifted)
            scores = (each / total for each in shifted)
            self._scores = dict(zip(self._labels, scores, strict=True))
        return self._scores

    def __getitem__(self, label: str) -> float:
        return self._worked_out()[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def __repr__(self) -> str:
        return repr(self._worked_out())


class Judgement(Struct, frozen=True):
    """What the classifier makes of one prompt.

    Attributes:
        complexity: calibrated probability that a small model (up to about 9B) falls short of a
            large one on this prompt.
        complexity_confidence: how far to trust its side of one half; low for text in a language
            that the embedder does not know.
        difficulty: logit(complexity) - logit(mean complexity on train): 0 is an average prompt.
        domain, task: the likeliest label; its confidence is its score times familiarity.
        domain_scores, task_scores: probability of each label; they sum to 1.
        abstain: whether the prompt is unlike what the classifier was calibrated on (language or
            embedding distance), so that a careful policy does not rely on the rest.
        quality: model -> chance of a good answer; empty unless judged for a catalog (`roster.py`).
    """

    complexity: float
    complexity_confidence: float
    difficulty: float
    domain: str
    domain_confidence: float
    domain_scores: Mapping[str, float]
    task: str
    task_confidence: float
    task_scores: Mapping[str, float]
    abstain: bool = False
    quality: Mapping[str, float] = field(default_factory=dict)

    @property
    def familiarity(self) -> float:
        """How far the words are known, in [0, 1]: what every confidence was scaled by."""
        return self.complexity_confidence / max(self.complexity, 1 - self.complexity)
