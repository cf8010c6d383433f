"""Signals: one mapping from a name to a value: one form for rules, explain, log and metrics.

A missing name means "not known": a rule that depends on it can neither hold nor be ruled out
(see `conditions.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

SignalValue = float | bool | str
Signals = Mapping[str, SignalValue]

DOMAINS = (
    "biology",
    "business",
    "chemistry",
    "computer science",
    "economics",
    "engineering",
    "health",
    "history",
    "law",
    "math",
    "other",
    "philosophy",
    "physics",
    "psychology",
)
"""Values of the `domain` signal: the categories of MMLU-Pro (arXiv 2406.01574)."""

TASKS = (
    "chat",
    "question_answering",
    "reasoning",
    "maths",
    "code",
    "summarising",
    "rewriting",
    "translation",
    "extraction",
    "classification",
    "creative_writing",
    "planning",
)
"""Values of the `task` signal."""

QUALITY = "quality."
"""Begins the names of the signals that tell how probable a good answer of one model is."""

SignalType = Literal["number", "flag", "text"]


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """What a policy may know about a signal before any request: its type, values and meaning.

    `values` lists the only texts a text signal takes (None = open). `low` and `high` bound a
    number. `learned` marks signals that come from a classifier and may be missing.
    """

    type: SignalType
    meaning: str
    values: tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None
    learned: bool = False


Vocabulary = Mapping[str, SignalSpec]
