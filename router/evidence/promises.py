"""Promises that a threshold can be calibrated to, as bounded losses whose mean must be below 0.

quality >= 0.97 of large     the routed answers' mean score against always asking one model
quality >= 0.8               the routed answers' mean score
share of large <= 0.3        of the requests
cost <= 2 USD per 1,000      on average, no request counted for more than a cap
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from router.evidence.bounds import Floats

_QUALITY = re.compile(r"quality\s*(?:>=|≥)\s*(\d*\.?\d+)\s*(%?)(?:\s+of\s+(\S+))?", re.IGNORECASE)

REQUESTS = 1000
"""A budget is for so many requests."""

COST_CAP = 20.0
"""No request counts for more than so many times its share of the budget: a mean of unbounded
costs cannot be promised from any number of labels. It comes from the target, not from the data."""

Kind = Literal["quality", "large_share", "budget"]


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised. `level` is the ratio or score, the share, or US dollars a request.

    `of` is the model that quality is compared with, as written (None: the score itself is bounded).
    `text` says it as it stands in a certificate.
    """

    kind: Kind
    level: float
    text: str
    of: str | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which the loss of a request lies."""
        if self.kind == "quality":
            return (-1.0, self.level) if self.of else (self.level - 1.0, self.level)
        if self.kind == "large_share":
            return -self.level, 1.0 - self.level
        return -self.level, (COST_CAP - 1.0) * self.level

    @property
    def starts_cheap(self) -> bool:
        """Whether the thresholds surest to keep it are the cheap ones."""
        return self.kind != "quality"

    def losses(self, achieved: Floats, reference: Floats | None = None) -> Floats:
        """Losses [..., n] of what each request achieved: its score, its share of large, its cost.

        A ratio of means is at least c exactly where the mean of c x reference - achieved is at
        most 0, which is a mean of bounded losses, unlike the ratio itself.
        """
        if self.kind == "quality":
            wanted = self.level * reference if reference is not None else self.level
            return np.asarray(wanted - achieved)
        if self.kind == "budget":
            return np.minimum(achieved, COST_CAP * self.level) - self.level
        return achieved - self.level

    def figure(self, achieved: Floats, reference: Floats | None = None) -> Floats:
        """What is bounded, as observed [...]: ratio or mean score, share, US dollars per 1,000."""
        means = achieved.mean(axis=-1)
        if self.kind == "budget":
            return np.asarray(means * REQUESTS)
        if reference is None:
            return np.asarray(means)
        whole = float(reference.mean())
        if not whole:
            return np.full(means.shape, np.nan)
        # Beside next to nothing the ratio is beyond what a float holds: infinite, and so kept.
        with np.errstate(over="ignore"):
            return np.asarray(means / whole)

    @property
    def bound(self) -> float:
        """The level in the unit of `figure`."""
        return self.level * REQUESTS if self.kind == "budget" else self.level


def quality_promise(text: str) -> Promise:
    """Read "quality >= 0.97 of large". Raises ValueError saying what was expected."""
    found = _QUALITY.fullmatch(text.strip())
    if found is None:
        raise ValueError('expected a target such as "quality >= 0.97 of large" or "quality >= 0.8"')
    level = float(found[1]) / (100 if found[2] else 1)
    if not 0 < level <= 1:
        raise ValueError(f"expected a quality above 0 and at most 1, not {level:g}")
    of = f" of {found[3]}" if found[3] else ""
    return Promise("quality", level, f"quality >= {level:g}{of}", found[3])


def share_promise(share: float, large: str) -> Promise:
    """At most `share` (0 to 1) of the requests go to the large model."""
    return Promise("large_share", share, f"share of {large} <= {share:g}")


def budget_promise(usd_per_1k: float) -> Promise:
    """A thousand requests cost at most so many US dollars on average."""
    level = usd_per_1k / REQUESTS
    cap = f"no request counted above {COST_CAP * level:g}"
    return Promise("budget", level, f"cost <= {usd_per_1k:g} USD per 1,000 requests, {cap}")
