"""fastest: the lowest expected time to the last token, from live measurements.

    strategy: {kind: fastest, min_quality: 0.6}

Until a model has been measured, its card's `latency` stands in. Models below `min_quality`
(default 0: all count) come last.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from router.core.decision import Candidate
from router.core.limits import Share
from router.core.signals import Signals
from router.core.strategies.base import QUALITY_SIGNALS, Ranking, StrategyOptions


class Fastest(StrategyOptions):
    """Options of fastest: the predicted quality, in [0, 1], that speed must not undercut."""

    reads: ClassVar[tuple[str, ...]] = QUALITY_SIGNALS

    kind: Literal["fastest"]
    min_quality: Share = 0.0

    def rank(self, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
        """Good enough ones by expected latency, then the rest by expected latency."""
        ranked = tuple(
            sorted(
                candidates,
                key=lambda c: (c.quality < self.min_quality, c.latency_s, -c.quality, c.model),
            )
        )
        good = sum(c.quality >= self.min_quality for c in ranked)
        reason = f"fastest of {good or len(ranked)}, expected in {ranked[0].latency_s:.2f} s"
        return Ranking(ranked, reason, good_enough=max(good, 1))
