"""What the classifier says of one prompt."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


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
