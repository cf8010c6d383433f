"""cheapest_good_enough: the lowest expected cost among models predicted to be good enough.

    strategy: {kind: cheapest_good_enough, min_quality: 0.75, within: 0.1}

A model is good enough if its predicted quality reaches `min_quality`, or comes within `within`
(default 0.1) of the best candidate's: where nobody would do much better, as on what all would get
wrong, the dearer model is not worth its price. `within` counts for no more than is left from
`min_quality` up to 1, so that whoever asks for 1 gets the best. The good enough come first,
cheapest first; then the others, best first, as fallbacks. The best leads when nothing is known of
the request's difficulty: a cheap answer must not be bad because a classifier was down.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

from router.core.decision import Candidate
from router.core.limits import Share
from router.core.signals import QUALITY, Signals
from router.core.strategies.base import (
    QUALITY_SIGNALS,
    Ranking,
    StrategyOptions,
    by_cost,
    by_quality,
)


class CheapestGoodEnough(StrategyOptions):
    """Options of cheapest_good_enough: the predicted quality to reach, and how near the best
    candidate's is near enough, both in [0, 1]."""

    reads: ClassVar[tuple[str, ...]] = QUALITY_SIGNALS

    kind: Literal["cheapest_good_enough"]
    min_quality: Share
    within: Share = 0.1

    def rank(self, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
        """Good enough ones by cost, then the rest by quality."""
        if not _is_judged(candidates, signals):
            ranked = tuple(sorted(candidates, key=by_quality))
            return Ranking(ranked, "difficulty is not known, so the best candidate leads", 1)
        best, least = _best(candidates), self.min_quality
        bar = min(least, best.quality - min(self.within, 1 - least))
        good: list[Candidate] = []
        rest: list[Candidate] = []
        for candidate in candidates:
            (good if candidate.quality >= bar or candidate is best else rest).append(candidate)
        if len(good) > 1:
            good.sort(key=by_cost)
        if len(rest) > 1:
            rest.sort(key=by_quality)
        reason = _reason(good, best, least, len(candidates))
        return Ranking((*good, *rest), reason, good_enough=len(good))


def _best(candidates: Sequence[Candidate]) -> Candidate:
    """The first by quality. Most differ in that alone, so no keys are made for those."""
    best = candidates[0]
    for candidate in candidates:
        if candidate.quality > best.quality or (
            candidate.quality == best.quality and by_quality(candidate) < by_quality(best)
        ):
            best = candidate
    return best


def _reason(good: Sequence[Candidate], best: Candidate, least: float, of: int) -> str:
    first = good[0]
    if first.quality >= least:
        reaching = len([c for c in good if c.quality >= least])
        return (
            f"cheapest of {reaching} whose predicted quality reaches {least:.2f}"
            f" (its own is {first.quality:.2f})"
        )
    if first is best:
        return f"best of {of}: predicted quality {best.quality:.2f}, none reaches {least:.2f}"
    return (
        f"cheapest of {len(good)} that are about as good as any: predicted quality"
        f" {first.quality:.2f}, of the best {best.quality:.2f}"
    )


def _is_judged(candidates: Sequence[Candidate], signals: Signals) -> bool:
    return "difficulty" in signals or any(QUALITY + c.model in signals for c in candidates)
