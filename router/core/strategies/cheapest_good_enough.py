"""cheapest_good_enough: the lowest expected cost among models predicted to be good enough.

    strategy: {kind: cheapest_good_enough, min_quality: 0.75}

Models whose predicted quality reaches `min_quality` come first, cheapest first; then the others,
best first, as fallbacks. Where none reaches it, the best leads. So it does when the request's
difficulty is not known: a cheap answer must not be bad because a classifier was down.
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


class CheapestGoodEnough(StrategyOptions):
    """Options of cheapest_good_enough: the predicted quality to reach, in [0, 1]."""

    reads: ClassVar[tuple[str, ...]] = QUALITY_SIGNALS

    kind: Literal["cheapest_good_enough"]
    min_quality: Share

    def rank(self, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
        """Good enough ones by cost, then the rest by quality."""
        if "difficulty" not in signals:
            ranked = tuple(sorted(candidates, key=by_quality))
            return Ranking(ranked, "difficulty is not known, so the best candidate leads", 1)
        good = sorted((c for c in candidates if c.quality >= self.min_quality), key=by_cost)
        rest = sorted((c for c in candidates if c.quality < self.min_quality), key=by_quality)
        if not good:
            best = rest[0]
            reason = (
                f"best of {len(rest)}: predicted quality {best.quality:.2f},"
                f" none reaches {self.min_quality:.2f}"
            )
            return Ranking(tuple(rest), reason, good_enough=1)
        first = good[0]
        reason = (
            f"cheapest of {len(good)} whose predicted quality reaches {self.min_quality:.2f}"
            f" (its own is {first.quality:.2f})"
        )
        return Ranking((*good, *rest), reason, good_enough=len(good))
