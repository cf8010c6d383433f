"""Limits: bounds on the choice of a model. They can only ever be tightened."""

from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from router.core.units import Duration

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]

MOST_ANSWERS = 128


class Limits(BaseModel):
    """Bounds on which models may serve a request. Absent means unbounded.

    `max_cost_usd` bounds the expected cost of the request in US dollars, `min_quality` the
    predicted probability of a good answer, `max_latency` the expected seconds to the full answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    allowed_models: tuple[str, ...] | None = None
    local_only: bool = False
    max_cost_usd: Positive | None = None
    min_quality: Share | None = None
    max_latency: Duration | None = None

    @cached_property
    def is_free(self) -> bool:
        """Whether no bound is set. Kept with the object: put other bounds into new limits."""
        return not (
            self.local_only
            or self.allowed_models is not None
            or self.max_cost_usd is not None
            or self.min_quality is not None
            or self.max_latency is not None
        )

    def tightened(self, other: "Limits") -> "Limits":
        """Both limits at once: for every bound the stricter of the two."""
        # Most limits are free, and making a model costs more than all else in a decision.
        if other.is_free:
            return self
        if self.is_free:
            return other
        return self.model_copy(
            update={
                "allowed_models": _both(self.allowed_models, other.allowed_models),
                "local_only": self.local_only or other.local_only,
                "max_cost_usd": _least(self.max_cost_usd, other.max_cost_usd),
                "min_quality": _most(self.min_quality, other.min_quality),
                "max_latency": _least(self.max_latency, other.max_latency),
            }
        )


class PolicyLimits(Limits):
    """Limits of a whole policy: with them, bounds on what one request may ask of any model.

    `max_answers` bounds how many answers it may ask for at once (OpenAI itself allows 128),
    `max_output_tokens` the tokens that it may allow each of them; absent means unbounded.
    """

    max_answers: Count = MOST_ANSWERS
    max_output_tokens: Count | None = None


def _both(a: tuple[str, ...] | None, b: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if a is None or b is None:
        return b if a is None else a
    return tuple(model for model in a if model in b)


def _least(a: float | None, b: float | None) -> float | None:
    return min((x for x in (a, b) if x is not None), default=None)


def _most(a: float | None, b: float | None) -> float | None:
    return max((x for x in (a, b) if x is not None), default=None)
