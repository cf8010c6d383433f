"""The rows of feedback in the decision log: one for each decision and source, the latest."""

from dataclasses import fields

from router.core.feedback import Feedback
from router.errors import UnknownDecision

_NAMES = tuple(field.name for field in fields(Feedback))
_KEY = ("decision", "source")

SELECT_FEEDBACK = f"SELECT {', '.join(_NAMES)} FROM feedback"
IN_ORDER = "ORDER BY decision, source"

INSERT_FEEDBACK = (
    f"INSERT INTO feedback ({', '.join(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))})"
    f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in _KEY)
)
"""Fails with SQLITE_CONSTRAINT_FOREIGNKEY where there is no such decision."""


def no_such_decision() -> UnknownDecision:
    """The error for feedback on a decision that the log does not hold; repeats nothing of it."""
    return UnknownDecision(
        "The decision log holds no such decision. Its id is in the answer's header"
        " x-slm-router-decision, and is known once the answer has ended.",
        "decision",
    )
