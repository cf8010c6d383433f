"""The rows of feedback in the decision log: one for each decision and source, the latest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from router.core.feedback import Feedback
from router.errors import UnknownDecision

_NAMES = tuple(field.name for field in fields(Feedback))
_KEY = ("decision", "source")

SELECT_FEEDBACK = f"SELECT {', '.join(_NAMES)} FROM feedback"
IN_ORDER = "ORDER BY decision, source"

INSERT_FEEDBACK = (
    f"INSERT INTO feedback ({', '.join(_NAMES)})"
    f" SELECT {', '.join(f':{name}' for name in _NAMES)} FROM decisions"
    " WHERE id = :decision AND (:key_name IS NULL OR key_name = :key_name)"
    f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in _KEY)
)
"""Writes no row where there is no such decision, or where it came with another API key."""


@dataclass(frozen=True, slots=True)
class Given:
    """Feedback with the name of the API key that it may speak for; None: for any."""

    feedback: Feedback
    key_name: str | None

    def parameters(self) -> Mapping[str, Any]:
        """What INSERT_FEEDBACK takes."""
        return {**asdict(self.feedback), "key_name": self.key_name}


def no_such_decision() -> UnknownDecision:
    """The error for feedback on a decision that the log does not hold; repeats nothing of it."""
    return UnknownDecision(
        "The decision log holds no such decision. Its id is in the answer's header"
        " x-slm-router-decision, and is known once the answer has ended.",
        "decision",
    )
