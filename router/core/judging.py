"""Judging: which answers the router has judged, and by which model. It changes no decision.

Rule: a lot of its own settles it. It knows nothing of the draw that settles arms, so answers of
every arm are judged alike; and it belongs to the decision's id, so it can be drawn again.
"""

import hashlib
from typing import Self

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, model_validator

from router.core.limits import Positive, Share

MOST_POINTS = 10
"""The best score that a judge gives; 0 is the worst."""

SCORE_FORM = "slm_router_score"
"""Name of the JSON schema that a judge's answer is asked in."""

_SALT = b"judging"


class Judging(BaseModel):
    """What is judged of a policy's answers, after their callers have them.

    `model` of the catalog judges. `share` of the routed answers are judged. For `shadow` of the
    routed requests the baseline is asked the same, where another model answered, and its answer is
    judged too; those are among the share. `usd_per_day` bounds what all of it may cost a process
    in a day (UTC), in US dollars; absent means unbounded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    model: str
    share: Share
    shadow: Share = 0.0
    usd_per_day: Positive | None = None

    @model_validator(mode="after")
    def _shadowed_are_judged(self) -> Self:
        if self.shadow > self.share:
            raise ValueError("expected shadow to be at most share, for both answers are judged")
        return self


class Lot(Struct, frozen=True):
    """What was drawn for an answer: it is judged; `shadow`: beside the baseline's."""

    shadow: bool


def lot_of(judging: Judging, id: str) -> Lot | None:
    """The lot of a decision, None if its answer is not judged."""
    draw = judging_draw(id)
    return Lot(draw < judging.shadow) if draw < judging.share else None


def judging_draw(id: str) -> float:
    """A number in [0, 1) that belongs to a decision id, independent of the one for its arm."""
    digest = hashlib.blake2b(id.encode(), digest_size=8, salt=_SALT).digest()
    # 53 bits: all that a float holds below 1.
    return (int.from_bytes(digest, "big") >> 11) / 2**53
