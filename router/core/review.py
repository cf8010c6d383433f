"""Review: what the router itself had done about one answer, once it had been given.

Rule: a judge sees one answer at a time and is never told whose it is, so that all its scores are
of one kind: those of a shadow's answer compare with those of any other.
"""

from msgspec import Struct

from router.core.bill import OwnCall


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
