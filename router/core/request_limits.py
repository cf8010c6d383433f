"""What a policy's limits refuse of a request itself, whichever model were to serve it."""

from typing import NamedTuple

from router.core.limits import PolicyLimits
from router.core.request import RoutedRequest

ANSWERS = ("n", "best_of")
"""Fields by which a body asks for several answers; any other count bounds their length."""


class Refusal(NamedTuple):
    """The field at fault, and a sentence for the caller."""

    field: str
    told: str


def refusal(request: RoutedRequest, limits: PolicyLimits) -> Refusal | None:
    """What the limits refuse of a request, None if nothing."""
    for field, value in request.counts:
        most = limits.max_answers if field in ANSWERS else limits.max_output_tokens
        if most is not None and value > most:
            return Refusal(field, f"Expected at most {most} under this policy, got {value}.")
    return None
