"""weighted: a weighted sum of quality, cheapness and speed.

    strategy: {kind: weighted, quality: 0.6, cost: 0.3, latency: 0.1}

Each of the three is scaled to [0, 1] over the candidates of the request (1 = best of them), so
weights mean the same whatever the units. An unknown cost counts as the worst.
"""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from router.core.decision import Candidate
from router.core.signals import Signals
from router.core.strategies.base import QUALITY_SIGNALS, Ranking, StrategyOptions, cost_of

Weight = Annotated[float, Field(ge=0)]


class Weighted(StrategyOptions):
    """Options of weighted: three weights, not negative and not all zero."""

    reads: ClassVar[tuple[str, ...]] = QUALITY_SIGNALS

    kind: Literal["weighted"]
    quality: Weight = 1.0
    cost: Weight = 0.0
    latency: Weight = 0.0

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if self.quality + self.cost + self.latency == 0:
            raise ValueError("expected at least one weight above 0")
        return self

    def rank(self, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
        """By the weighted score, highest first."""
        quality = _scaled([c.quality for c in candidates])
        cheap = _scaled([None if c.cost_usd is None else -cost_of(c) for c in candidates])
        fast = _scaled([-c.latency_s for c in candidates])
        total = self.quality + self.cost + self.latency
        scores = {
            c.model: (self.quality * q + self.cost * p + self.latency * s) / total
            for c, q, p, s in zip(candidates, quality, cheap, fast, strict=True)
        }
        ranked = tuple(sorted(candidates, key=lambda c: (-scores[c.model], c.model)))
        reason = f"best weighted score of {len(ranked)} ({scores[ranked[0].model]:.2f})"
        return Ranking(ranked, reason, good_enough=1)


def _scaled(values: Sequence[float | None]) -> list[float]:
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    if low == high:
        return [0.0 if value is None else 1.0 for value in values]
    return [0.0 if value is None else (value - low) / (high - low) for value in values]
