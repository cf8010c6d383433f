"""SessionScore: what one source said of one session's answers, arm by arm."""

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
