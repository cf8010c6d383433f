"""Blocks: scores of sessions of two arms as differences whose mean is the difference in quality.

Rule: blocks are neighbours in time, so that what drifts hits both arms alike; a session is in one
block, with all of its answers.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core.feedback import SOURCES, Source
from router.core.ledger import ARMS, Arm
from router.core.score_table import ScoreTable
from router.core.session_score import SessionScore
from router.evidence.bounds import Floats

Places = NDArray[np.int64] | NDArray[np.uint8]


class ScoreColumns(NamedTuple):
    """Scores in order of time [n]: `sessions` are numbers from 0 on, `arms` and `sources` places in
    ARMS and SOURCES, `means` are of each row's answers."""

    sessions: Places
    arms: Places
    sources: Places
    means: Floats

    def said_by(self, source: Source) -> "ScoreColumns":
        """What one source said."""
        return self.where(self.sources == SOURCES.index(source))

    def where(self, kept: NDArray[np.bool_]) -> "ScoreColumns":
        """Some of the rows."""
        sessions, arms, sources, means = self
        return ScoreColumns(sessions[kept], arms[kept], sources[kept], means[kept])


def columns_of(scores: Sequence[SessionScore]) -> ScoreColumns:
    """Any scores; of a session, arm and source there is one at most."""
    if isinstance(scores, ScoreTable):
        judged = np.frombuffer(scores.judged, np.int64)
        return ScoreColumns(
            np.frombuffer(scores.sessions, np.int64),
            np.frombuffer(scores.arms, np.uint8),
            np.frombuffer(scores.sources, np.uint8),
            np.frombuffer(scores.scores, np.float64) / judged,
        )
    rows = sorted(scores, key=lambda it: (it.at, it.session))
    numbers: dict[str, int] = {}
    return ScoreColumns(
        np.array([numbers.setdefault(it.session, len(numbers)) for it in rows], np.int64),
        np.array([ARMS.index(it.arm) for it in rows], np.uint8),
        np.array([SOURCES.index(it.source) for it in rows], np.uint8),
        np.array([it.mean for it in rows], np.float64),
    )


def differences(
    scores: Sequence[SessionScore], first: Arm = "treated", second: Arm = "control"
) -> Floats:
    """Differences [blocks] in mean score of one source, first arm less second, in order of time.

    A session with answers in both arms is a block of its own. Of the others a block closes as soon
    as it has sessions of both arms, and what is left over waits.
    """
    return blocks_of(columns_of(scores), first, second)


def blocks_of(columns: ScoreColumns, first: Arm = "treated", second: Arm = "control") -> Floats:
    """The same of the columns of one source."""
    arms = ARMS.index(first), ARMS.index(second)
    of_arms = columns.where((columns.arms == arms[0]) | (columns.arms == arms[1]))
    places = _in_order(of_arms.sessions)
    number = int(places.max(initial=-1)) + 1
    means, there = np.zeros((2, number)), np.zeros((2, number), dtype=bool)
    for side, arm in enumerate(arms):
        rows = of_arms.arms == arm
        means[side, places[rows]] = of_arms.means[rows]
        there[side, places[rows]] = True
    both = np.flatnonzero(there.all(axis=0))
    alone = np.flatnonzero(~there.all(axis=0))
    closed, found = _closed(there[0, alone], means[:, alone])
    at = np.concatenate([both, alone[closed]])
    return np.concatenate([means[0, both] - means[1, both], found])[np.argsort(at)]


def _in_order(sessions: Places) -> NDArray[np.int64]:
    """Sessions [n] numbered anew, in the order in which they begin."""
    begins = np.full(int(sessions.max(initial=-1)) + 1, len(sessions))
    # Of what is put in one place the last stays: here the first of its rows.
    begins[sessions[::-1]] = np.arange(len(sessions) - 1, -1, -1)
    is_first = np.zeros(len(sessions), dtype=bool)
    is_first[begins[sessions]] = True
    return np.asarray((np.cumsum(is_first) - 1)[begins[sessions]])


def _closed(is_first: NDArray[np.bool_], means: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Where blocks of sessions of one arm each close, and the difference of each."""
    ends, begin = [], 0
    # A block ends with the first session that is not of the arm that it began with.
    for turn in (np.flatnonzero(is_first[1:] != is_first[:-1]) + 1).tolist():
        if turn > begin:
            ends.append(turn)
            begin = turn + 1
    closed = np.array(ends, dtype=np.int64)
    block = np.repeat(np.arange(len(closed)), np.diff(closed, prepend=-1))
    kept = is_first[: len(block)]
    sides = []
    for mine, of in zip((kept, ~kept), means, strict=True):
        sums = np.bincount(block[mine], of[: len(block)][mine], len(closed))
        sides.append(sums / np.bincount(block[mine], minlength=len(closed)))
    return closed, sides[0] - sides[1]
