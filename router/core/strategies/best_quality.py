"""best_quality: the highest predicted probability of a good answer; among equals the cheaper.

strategy: {kind: best_quality}
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from router.core.decision import Candidate
from router.core.signals import Signals
from router.core.strategies.base import QUALITY_SIGNALS, Ranking, StrategyOptions, by_quality


class BestQuality(StrategyOptions):
    """Options of best_quality: none."""

    reads: ClassVar[tuple[str, ...]] = QUALITY_SIGNALS

    kind: Literal["best_quality"]

    def rank(self, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
        """By predicted quality."""
        ranked = tuple(sorted(candidates, key=by_quality))
        reason = f"highest predicted quality of {len(ranked)} ({ranked[0].quality:.2f})"
        return Ranking(ranked, reason, good_enough=1)
