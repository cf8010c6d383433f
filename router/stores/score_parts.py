"""Scores of sessions from several places, packed and not, put together in order of time. Pure.

Rule: times are whole parts of a second and scores whole millionths here, so that no order of adding
changes a sum.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, count
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from router.core.feedback import SOURCES
from router.core.ledger import ARMS
from router.core.score_table import ScoreTable
from router.stores.packed_sums import packed, unpacked
from router.stores.roll_up import MICRO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.signedinteger[Any]]

FRACTIONS = 2**30
"""Parts of a second: a time after April 1970 is a whole number of these, to its last bit."""

Rows = Iterable[Sequence[Any]]
"""Session, arm and source, of each of which there is one row at most, then parts of a second, how
many were judged, and millionths of a score."""


class Part(NamedTuple):
    """Some scores: a column of each figure of Rows, of what is named places instead; `names` are
    the sessions, each once."""

    names: Sequence[str]
    columns: Sequence["Whole"]


def packed_scores(rows: Rows) -> tuple[bytes, bytes]:
    """Some rows as one value: the names of sessions, arms and sources as JSON, and the columns."""
    names: tuple[dict[str, int], ...] = ({}, {}, {})
    lines = []
    for *told, at, judged, score in rows:
        places = (of.setdefault(one, len(of)) for of, one in zip(names, told, strict=True))
        lines.append((*places, at, judged, score))
    return msgspec.json.encode([[*of] for of in names]), packed(lines)


def unpacked_scores(names: bytes | str, value: bytes) -> Part:
    """What was packed, its arms and sources by their places in ARMS and SOURCES."""
    import numpy as np

    sessions, arms, sources = msgspec.json.decode(names, type=list[list[str]])
    if not sessions:
        return Part((), ())
    columns: list[Whole] = list(unpacked(value))
    for at, (told, known) in enumerate(((arms, ARMS), (sources, SOURCES)), start=1):
        columns[at] = np.array([known.index(one) for one in told])[columns[at]]
    return Part(sessions, columns)


def part_of(rows: Rows) -> Part:
    """Rows as they were read."""
    return unpacked_scores(*packed_scores(rows))


def table_of(parts: Sequence[Part]) -> ScoreTable:
    """All of them, those of one session, arm and source added up, in order of time."""
    import numpy as np

    parts = [it for it in parts if it.names]
    if not parts:
        return ScoreTable((), *[b""] * 6)
    names, of = _numbered(parts)
    begins = np.cumsum([0, *(len(it.names) for it in parts)])
    # As wide as they can come to be: the columns of a pack are as narrow as can be.
    firsts = (it.columns[0].astype(np.int64) for it in parts)
    of_each = [of[first + begin] for first, begin in zip(firsts, begins, strict=False)]
    rest = zip(*(it.columns[1:] for it in parts), strict=True)
    columns = [np.concatenate(it).astype(np.int64) for it in (of_each, *rest)]
    if len(names) < begins[-1]:
        columns = _added_up(columns)
    if not (columns[4] > 0).all():
        # A score was given anew of which retention had taken what there was: no mean is in that.
        columns = [it[columns[4] > 0] for it in columns]
    order = _order(names, columns[0], columns[3])
    sessions, arms, sources, at, judged, score = (it[order] for it in columns)
    return ScoreTable(
        names,
        sessions.tobytes(),
        arms.astype(np.uint8).tobytes(),
        sources.astype(np.uint8).tobytes(),
        (at / FRACTIONS).tobytes(),
        judged.tobytes(),
        (score / MICRO).tobytes(),
    )


def _numbered(parts: Sequence[Part]) -> "tuple[Sequence[str], Whole]":
    """The names of all parts, each once; and where each name of one part after the other is."""
    import numpy as np

    named = list(chain.from_iterable(it.names for it in parts))
    names = dict(zip(dict.fromkeys(named), count()))
    if len(names) == len(named):
        # Mostly no session goes on beyond its day.
        return named, np.arange(len(named))
    return list(names), np.fromiter(map(names.__getitem__, named), np.int64, len(named))


def _added_up(columns: Sequence["Whole"]) -> "list[Whole]":
    import numpy as np

    sessions, arms, sources, at, judged, score = columns
    place = (sessions * len(ARMS) + arms) * len(SOURCES) + sources
    places, of = np.unique(place, return_inverse=True)
    first = np.full(len(places), np.iinfo(np.int64).max)
    np.minimum.at(first, of, at)
    sums = np.zeros((2, len(places)), dtype=np.int64)
    for whole, some in zip(sums, (judged, score), strict=True):
        np.add.at(whole, of, some)
    rest, source = np.divmod(places, len(SOURCES))
    return [*np.divmod(rest, len(ARMS)), source, first, *sums]


def _order(names: Sequence[str], sessions: "Whole", at: "Whole") -> "Whole":
    """In order of time; what was said at one moment in order of session."""
    import numpy as np

    order = np.argsort(at, kind="stable")
    tied = np.flatnonzero(np.diff(at[order]) == 0)
    if not len(tied):
        return order
    some = np.unique(sessions[order[np.concatenate([tied, tied + 1])]]).tolist()
    ranks = np.zeros(len(names), dtype=np.int64)
    ranks[sorted(some, key=names.__getitem__)] = np.arange(len(some))
    return np.lexsort((ranks[sessions], at))
