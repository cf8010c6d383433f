"""Whether quality held: treated answers against those of the control arm, source by source; and
answers against the baseline's own to the same requests, which nobody was sent (shadows).

Rule: what is told holds however often one looks. Scores are means over sessions first, for the
answers of one session are alike; then blocks of neighbours in time, each with sessions of both
arms, give differences whose mean is the difference in quality, also while scores drift; on these
stands a confidence sequence (`sequences.py`). A pair is a difference by itself and needs no arms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Literal

import numpy as np

from router.core.feedback import SOURCES, Source
from router.core.session_score import SessionPairs, SessionScore
from router.evidence.bounds import Floats
from router.evidence.figure import LEVEL, Figure, not_measured, points, too_few
from router.evidence.rates import rate
from router.evidence.score_blocks import blocks_of, columns_of
from router.evidence.sequences import confidence_sequence, draws_to_decide

Ruling = Literal["no loss", "not decided", "worse", "not measured"]

MARGIN = 0.02
"""A loss in mean score that is put up with, unless another margin is asked for."""

LEAST_BLOCKS = 10
"""Fewer are not shown: the interval would be nearly all that is possible."""

_BOUNDS = (-1.0, 1.0)
_FIRST_VARIANCE = 0.25
"""Of a difference, reckoned with until scores are seen: as if two had been seen that far apart."""

Evidence = Source | Literal["shadow"]
"""Who says how answers compare with the baseline's. shadow: the router's judge, which scored an
answer and the baseline's own to the same request."""

_STRONGEST: tuple[Evidence, ...] = ("check", "shadow", "judge", "user")
_WHO: Mapping[Source, str] = {"user": "users", "judge": "the judge", "check": "task checks"}

SHADOWED = "`shadow` under `judging`, to have the baseline answer some of the same requests unseen"
"""What to set where there is no pair."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether quality held within `margin`, from all sources together.

    `quality` is the difference by the strongest evidence that has one: checks; pairs, for the judge
    then scored both answers to the same requests; the judge's scores of both arms; users'.
    `by_source` holds all. `n` counts comparisons of it, `needed` about how many settle it; None
    where more of the same would not.
    """

    ruling: Ruling
    sentence: str
    margin: float
    quality: Figure
    by_source: Mapping[Evidence, Figure]
    n: int = 0
    needed: int | None = None


def verdict(
    scores: Sequence[SessionScore], margin: float = MARGIN, pairs: Sequence[SessionPairs] = ()
) -> Verdict:
    """Routed answers against the baseline's, at any look. Raises ValueError unless 0 < margin < 1.

    Its intervals are 95 % for all evidence together (Bonferroni), so that the one verdict is wrong
    with probability 5 % at most: worse as soon as one shows a loss beyond the margin, no loss once
    one shows there is none.
    """
    if not 0 < margin < 1:
        raise ValueError(f"expected a margin between 0 and 1, not {margin:g}")
    columns = columns_of(scores)
    told = {source: columns.said_by(source) for source in SOURCES}
    blocks: dict[Evidence, Floats] = {source: blocks_of(of) for source, of in told.items()}
    blocks["shadow"] = paired(pairs)
    heard = [of for of in blocks if len(blocks[of])]
    error = (1 - LEVEL) / max(len(heard), 1)
    figures: dict[Evidence, Figure] = {
        source: _by_arms(source, blocks[source], len(told[source].arms), error, margin)
        for source in SOURCES
    }
    figures["shadow"] = _by_pairs(blocks["shadow"], sum(it.pairs for it in pairs), error, margin)
    if not heard:
        return _unheard(len(scores), margin, figures)
    strongest = next(
        (s for s in _STRONGEST if figures[s].known), max(heard, key=lambda s: len(blocks[s]))
    )
    ruling = _ruling(figures, margin)
    n, needed = len(blocks[strongest]), figures[strongest].needed
    sentence = f"{_plain(ruling, margin, n, needed)} {figures[strongest].sentence}"
    return Verdict(ruling, sentence, margin, figures[strongest], figures, n, needed)


def paired(pairs: Sequence[SessionPairs]) -> Floats:
    """Mean differences in score [sessions], an answer's less its shadow's. What is told of them
    does not depend on their order."""
    return np.array([difference / of for _, of, difference in pairs], dtype=np.float64)


def blocks_needed(blocks: Floats, margin: float) -> int | None:
    """About how many blocks settle it: as if there were no difference, until so many were seen
    and by the difference seen from then on. None where that lies too near the margin."""
    n = len(blocks)
    seen = float(((blocks - blocks.mean()) ** 2).sum()) if n else 0.0
    variance = (seen + 2 * _FIRST_VARIANCE) / (n + 2)
    planned = draws_to_decide(variance, margin)
    if n < planned:
        return ceil(planned)
    found = draws_to_decide(variance, abs(float(blocks.mean()) + margin))
    return ceil(max(found, 1.1 * n)) if isfinite(found) and found < 100 * n else None


def _by_arms(source: Source, blocks: Floats, sessions: int, error: float, margin: float) -> Figure:
    name, n, who = f"quality.{source}", len(blocks), _WHO[source]
    if not n:
        told = (
            f"{who[0].upper()}{who[1:]} judged {sessions:,} sessions, none in both arms to compare."
            if sessions
            else f"Nothing was judged by {who}: see docs/feedback.md."
        )
        return not_measured(name, "score", told, "measured")
    told = (
        f"By {who}, routed answers score {{}} against the baseline's in the control arm"
        f" ({n:,} comparisons; the interval holds at every look)."
    )
    return _figure(name, f"By {who}", told, blocks, (error, margin))


def _by_pairs(blocks: Floats, pairs: int, error: float, margin: float) -> Figure:
    name, n = "quality.shadow", len(blocks)
    if not n:
        told = f"No answer was judged beside the baseline's. Set {SHADOWED}: see docs/judging.md."
        return not_measured(name, "score", told, "measured")
    told = (
        "Against shadows, by the judge, answers of other models score {} against the baseline's"
        f" own to the same requests ({pairs:,} pairs in {n:,} sessions; the interval holds at every"
        " look)."
    )
    return _figure(name, "Against shadows, by the judge", told, blocks, (error, margin))


def _figure(name: str, who: str, told: str, blocks: Floats, asked: tuple[float, float]) -> Figure:
    """The mean of some blocks; `asked` is the error that is allowed, and the margin."""
    n, (error, margin) = len(blocks), asked
    needed = blocks_needed(blocks, margin)
    if n < LEAST_BLOCKS:
        few = f"{who}, {n} of about {needed or LEAST_BLOCKS:,} comparisons yet."
        return too_few(name, "score", few, n, needed, "measured")
    value = float(blocks.mean())
    low, high = confidence_sequence(blocks, _BOUNDS, error)
    told = told.format(points(value, low, high))
    return Figure(name, "score", "value", told, "measured", value, low, high, n=n, needed=needed)


def _ruling(figures: Mapping[Evidence, Figure], margin: float) -> Ruling:
    known = [it for it in figures.values() if it.low is not None and it.high is not None]
    if any(it.high is not None and it.high < -margin for it in known):
        return "worse"
    if any(it.low is not None and it.low > -margin for it in known):
        return "no loss"
    return "not decided"


def _plain(ruling: Ruling, margin: float, n: int, needed: int | None) -> str:
    if ruling == "worse":
        return f"Worse: a loss beyond the margin of {margin:g} is shown."
    if ruling == "no loss":
        return f"No loss shown within the margin of {margin:g}."
    if needed is None:
        return f"Not decided yet: too near the margin of {margin:g} for more of the same to tell."
    return f"Not decided yet ({n:,} of about {needed:,} comparisons, margin {margin:g})."


def _unheard(judged: int, margin: float, figures: Mapping[Evidence, Figure]) -> Verdict:
    told = (
        "Quality not measured against the baseline: answers were judged, but of one arm alone. Set"
        f" `control: 0.05` in the policy, so that 5 % go to the baseline model; or {SHADOWED}."
        if judged
        else "Quality not measured: nothing was judged. Send feedback (docs/feedback.md), and set"
        " `control: 0.05` in the policy to have something to compare with; or let a model judge"
        f" (docs/judging.md), with {SHADOWED}."
    )
    quality = not_measured("quality", "score", told, "measured")
    return Verdict("not measured", told, margin, quality, figures)


def coverage(judged: Sequence[int], answered: Sequence[int]) -> Figure:
    """Which share of the answers was judged by anyone, from counts by cluster."""
    return rate("judged", "were judged", judged, answered, "answered requests")
