"""Certificate: what a policy's threshold was calibrated to, and on what.

Rule: it says what was shown and changes no decision. Whatever it was shown of is named by hash, so
that it can be told when something else is in force.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from router.core.limits import Share

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
Text = Annotated[str, Field(min_length=1, max_length=300)]


class Certificate(BaseModel):
    """Written by `slm-router calibrate`.

    With probability `confidence` over the `n` requests it was drawn from, requests like them keep
    `target`, whose figure is bounded by `bound` and was `observed` there. `rule` and `key` say
    which threshold, `value` what it was set to. `scope` is `policy` where all its requests count,
    `rule` where those do that the rule decides. `policy`, `artifact` and `data` are hashes of what
    was in force and of the labels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    target: Text
    bound: float
    observed: float
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    n: Annotated[int, Field(ge=1)]
    method: Text
    scope: Literal["policy", "rule"]
    rule: Annotated[str, Field(min_length=1, max_length=64)]
    key: Literal["complexity", "min_quality"]
    value: Share
    date: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    policy: Hash
    artifact: Hash | None = None
    data: Hash

    def __str__(self) -> str:
        return (
            f"{self.target} with {self.confidence:.3g} confidence"
            f" (observed {self.observed:.4g}, n={self.n}, {self.date})"
        )

    def doubts(self, policy: str, artifact: str | None) -> Iterator[str]:
        """What speaks against relying on it where these versions are in force, in sentences."""
        again = "calibrate again to rely on it"
        if policy != self.policy:
            yield f"policy or catalog are not what was certified ({self.policy}): {again}"
        if artifact != self.artifact:
            yield (
                f"the classifier in force ({artifact or 'none'}) is not the one certified"
                f" ({self.artifact or 'none'}): {again}"
            )
