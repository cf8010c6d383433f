"""Scores as the decision log's packs have them."""

from collections.abc import Iterable

from router.core.feedback import Source
from router.core.score_table import ScoreTable
from router.core.session_score import SessionScore
from router.stores.roll_up import MICRO
from router.stores.score_parts import FRACTIONS, Rows, packed_scores, table_of, unpacked_scores


def as_rows(scores: Iterable[SessionScore]) -> Rows:
    """As the log's table has them."""
    return [
        (*it[:3], round(it.at * FRACTIONS), it.judged, round(it.score * MICRO)) for it in scores
    ]


def as_table(scores: Iterable[SessionScore], source: Source | None = None) -> ScoreTable:
    """As pages read them, those of one source alone if one is given."""
    kept = [it for it in scores if source in (None, it.source)]
    return table_of([unpacked_scores(*packed_scores(as_rows(kept)))])
