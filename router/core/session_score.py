"""What was said of one session's answers: by one source, arm by arm; and beside a shadow's."""

from typing import NamedTuple

from router.core.feedback import Source
from router.core.ledger import Arm


class SessionScore(NamedTuple):
    """Of `judged` answers of one session and arm, the sum of one source's scores.

    `at` is when the first of them was judged, in Unix seconds. A request without a session is one
    of its own.
    """

    session: str
    arm: Arm
    source: Source
    at: float
    judged: int
    score: float

    @property
    def mean(self) -> float:
        """The mean score, in [0, 1]."""
        return self.score / self.judged


class SessionPairs(NamedTuple):
    """Of `pairs` answers of one session that were judged beside the baseline's answer to the same
    request, the sum of the differences in score, the given answer's less the baseline's.

    Sessions as in SessionScore.
    """

    session: str
    pairs: int
    difference: float
