"""Scores by group: what one source said of the answers of each arm, rule, or domain and model.

Rule: these describe what was judged. The groups are no experiment, for rules choose what they get;
whether routing lost quality is for `quality.py` to say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from router.core.ledger import QualitySums
from router.evidence.figure import Figure, not_measured, too_few
from router.evidence.rates import wilson

LEAST_JUDGED = 20
"""Judged answers below which a group is thin: no score is told of it."""


@dataclass(frozen=True, slots=True)
class GroupScore:
    """The mean score of a group's judged answers. `of` has a value of each dimension."""

    of: tuple[str | None, ...]
    score: Figure

    @property
    def is_thin(self) -> bool:
        """Whether too few were judged for a score."""
        return not self.score.known


def scores_by_group(
    sums: Iterable[QualitySums], source: str, places: Sequence[int] = (0,)
) -> Sequence[GroupScore]:
    """One source's scores, the group with the most judged answers first.

    `places`: by which of the dimensions that the sums are told apart by.
    """
    found: dict[tuple[str | None, ...], QualitySums] = {}
    for it in sums:
        if it.source == source:
            of = tuple(it.of[place] for place in places)
            before = found.get(of) or QualitySums(of, source, 0, 0.0, 0.0)
            found[of] = QualitySums(
                of,
                source,
                before.judged + it.judged,
                before.score + it.score,
                before.square + it.square,
            )
    kept = sorted(found.values(), key=lambda it: (-it.judged, str(it.of)))
    return [GroupScore(it.of, score_of(it)) for it in kept]


def score_of(sums: QualitySums | None) -> Figure:
    """The mean score with Wilson's interval at a single look; each answer counts as one by itself.

    A score in [0, 1] varies no more than a yes or no of the same mean, so that the interval is wide
    enough for any scores.
    """
    if sums is None or not sums.judged:
        return not_measured("score", "score", "Nothing was judged: see docs/feedback.md.")
    n = sums.judged
    if n < LEAST_JUDGED:
        return too_few("score", "score", f"{n} of {LEAST_JUDGED} judged answers.", n, LEAST_JUDGED)
    found = wilson(sums.score / n, n)
    told = f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}] of {n:,} judged answers."
    return Figure("score", "score", "value", told, "observed", *found, n=n)


def most_heard(sums: Iterable[QualitySums]) -> str | None:
    """The source that judged most; None if none did."""
    heard: dict[str, int] = {}
    for it in sums:
        heard[it.source] = heard.get(it.source, 0) + it.judged
    return max(sorted(heard), key=lambda source: heard[source], default=None)
