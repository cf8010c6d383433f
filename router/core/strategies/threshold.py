"""threshold: the cheapest model for easy requests, the best one for hard ones.

    strategy: {kind: threshold, complexity: 0.5}

`complexity` is the probability, by the signal of the same name, that a small model falls short.
Below it candidates are tried cheapest first, from it on best first. A request whose complexity is
not known counts as hard: a cheap answer must not be bad because a classifier was down.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from router.core.decision import Candidate
from router.core.limits import Share
from router.core.signals import Signals
from router.core.strategies.base import (
    QUALITY_SIGNALS,
    Ranking,
    StrategyOptions,
    by_cost,
    by_quality,
)


class Threshold(StrategyOptions):
    """Options of threshold: the complexity, in [0, 1], from which the best model is asked."""

    reads: ClassVar[tuple[str, ...]] = ("complexity", *QUALITY_SIGNALS)

    kind: Literal["threshold"]
    complexity: Share

    def rank(self, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
        """By cost below the threshold, by quality from it on."""
        value = signals.get("complexity")
        if value is None:
            reason = "complexity is not known, so the best candidate leads"
        elif float(value) >= self.complexity:
            reason = f"complexity {float(value):.2f} reaches the threshold {self.complexity:.2f}"
        else:
            reason = f"complexity {float(value):.2f} is below the threshold {self.complexity:.2f}"
            ranked = tuple(sorted(candidates, key=by_cost))
            return Ranking(ranked, reason, good_enough=len(ranked))
        ranked = tuple(sorted(candidates, key=by_quality))
        return Ranking(ranked, reason, good_enough=1)
