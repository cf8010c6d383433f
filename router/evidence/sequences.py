"""Confidence sequences: intervals for a mean that hold at every look, however often one looks.

A gambler who bets on a mean that is the true one never multiplies the stake by more than 1 / error
but with probability `error` (Ville's inequality), at whatever moment one looks: so all means
at which one has not become that rich form an interval that is valid at all times at once (Howard,
Ramdas, McAuliffe and Sekhon, arXiv 1810.08240). Bets are those on bounded draws of Waudby-Smith and
Ramdas (arXiv 2010.09686, section 4); in place of one stake that would have to be tuned to a moment
the capital is spread over stakes that halve, the discrete mixture of Howard et al., section 3.
"""

from math import log, sqrt
from statistics import NormalDist

import numpy as np

from router.evidence.bounds import POWER, Floats

_STAKES = 0.9 * 2.0 ** -np.arange(10)
"""Shares of the capital: large ones for few draws, small ones for up to about a million."""

_STEPS = 26
"""Halvings of the interval that holds a bound: to 1e-8 of the range, on the safe side."""

_SPREAD = 3.4
"""Half a sequence's width in standard errors, at 95 %: measured, 3.5 at 200 draws, 3.38 at 20,000
(`tests/evidence/test_sequences.py`). A single look at a moment fixed beforehand needs 1.96."""


def confidence_sequence(
    draws: Floats, bounds: tuple[float, float], error: float
) -> tuple[float, float]:
    """The interval for the mean of draws [n] within `bounds`, wrong at any look ever with
    probability `error` at most.

    Each draw's mean, given those before it, must be the one that is asked for: no more is assumed
    of their distribution. Without a draw it is all that is possible.
    """
    low, high = bounds
    if not len(draws):
        return bounds
    scaled = np.clip((draws - low) / (high - low), 0.0, 1.0)
    below = _lowest(scaled, error / 2)
    above = 1.0 - _lowest(1.0 - scaled, error / 2)
    return low + below * (high - low), low + above * (high - low)


def _lowest(scaled: Floats, error: float) -> float:
    """The lowest mean in [0, 1] that a bet on a higher one has not become rich at."""
    # Stakes are fixed beforehand, so the order of the draws does not matter and like ones are one.
    values, counts = np.unique(scaled, return_counts=True)
    enough = log(len(_STAKES) / error)
    low, high = 0.0, float(scaled.mean())
    for _ in range(_STEPS):
        mean = (low + high) / 2
        if mean <= 0:
            break
        gains = np.log1p(_STAKES[:, None] * (values / mean - 1)) @ counts
        if np.logaddexp.reduce(gains) >= enough:
            low = mean
        else:
            high = mean
    return low


def draws_to_decide(variance: float, distance: float) -> float:
    """About how many draws of this variance put a 95 % sequence beyond a mean so far away.

    With a probability of POWER. Infinite at no distance.
    """
    if distance <= 0:
        return float("inf")
    return float(((_SPREAD + NormalDist().inv_cdf(POWER)) * sqrt(variance) / distance) ** 2)
