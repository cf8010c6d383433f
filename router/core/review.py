"""Review: what the router itself had done about one answer, once it had been given.

Rule: a judge sees one answer at a time and is never told whose it is, so that all its scores are
of one kind: those of a shadow's answer compare with those of any other.
"""

from typing import Literal, get_args

from msgspec import Struct

from router.core.bill import OwnCall

Purpose = Literal["judge", "shadow"]

Result = Literal[
    "judged",
    "not_understood",
    "not_allowed",
    "unreadable",
    "too_large",
    "unavailable",
    "failed",
    "over_budget",
    "no_price",
    "dropped",
]
"""judged: it has a score. not_understood: the judge gave none. not_allowed: what was asked may not
be sent to that model. unreadable, too_large: it cannot be shown to a judge. unavailable, failed:
the model was not asked, for its circuit is open, or did not answer. over_budget: the day's ceiling
is reached. no_price: there is a ceiling, and what it would cost is not known. dropped: too many
were waiting, or the process ended."""

RESULTS: tuple[Result, ...] = get_args(Result)


class ShadowAnswer(Struct, frozen=True):
    """The baseline's answer to a request that another model had answered; nobody was sent it.

    `score` is the judge's, in [0, 1]; `output_tokens` as its upstream counted, None if untold.
    """

    model: str
    score: float
    output_tokens: int | None = None


class Review(Struct, frozen=True):
    """Of one decision, made once. `at` is when it was over, in Unix seconds.

    `calls` is everything that was paid for it, also where it came to nothing. `score` is the
    judge's of the answer that was given, in [0, 1]; None where the judge could not tell. `shadow`
    is None where none was asked, or either answer could not be judged.
    """

    decision: str
    at: float
    calls: tuple[OwnCall, ...]
    score: float | None = None
    shadow: ShadowAnswer | None = None
