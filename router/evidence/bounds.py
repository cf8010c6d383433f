"""Whether a bounded quantity has a mean below 0: p-values that hold for every n and distribution.

Rule: nothing here is asymptotic. Each p-value is valid for independent draws of any distribution
within the stated bounds, at any sample size: P(p <= a) <= a whenever the mean is 0 or above.
"""

from math import inf, log, log1p, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STAKED = 0.75
"""Share of the capital that one draw may cost: who stakes all of it can lose it to one draw."""

POWER = 0.8
"""How sure `draws_needed` is to be enough, if mean and deviation are what they were."""


LEARNING = 1.3
"""The first stakes are small, until the variance is known: that costs about so much."""


def betting_p_values(losses: Floats, low: float, high: float, error: float) -> Floats:
    """p-values [...] for "the mean is 0 or above", of losses [..., n] within [low, high].

    The capital of a gambler who bets that it is below: each draw multiplies it by
    1 - stake (Y - m), with Y the loss scaled to [0, 1] and m what 0 becomes there. Under the
    hypothesis the capital is a supermartingale that starts at 1, so by Ville's inequality it ever
    reaches 1/p with probability p at most. The stake is the predictable plug-in one: see
    Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting (JRSS-B 2024,
    arXiv 2010.09686), sections 3 and 4. `error` only tunes the stake. Low variance pays, which
    Hoeffding's inequality would not see. 1 everywhere without a draw; needs low < 0 < high.
    """
    n = losses.shape[-1]
    if n == 0:
        return np.ones(losses.shape[:-1])
    scaled = np.clip((losses - low) / (high - low), 0.0, 1.0)
    null = -low / (high - low)
    stakes = np.sqrt(2 * log(1 / error) / (n * _variances_before(scaled)))
    stakes = np.minimum(stakes, MOST_STAKED / (1 - null))
    capital = np.cumsum(np.log1p(-stakes * (scaled - null)), axis=-1)
    p_values: Floats = np.minimum(np.exp(-capital.max(axis=-1)), 1.0)
    return p_values


def _variances_before(scaled: Floats) -> Floats:
    """The variance as it was estimated before each draw, as if one of 1/4 had been seen first."""
    seen = np.arange(2, scaled.shape[-1] + 2)
    means = (0.5 + np.cumsum(scaled, axis=-1)) / seen
    after = (0.25 + np.cumsum((scaled - means) ** 2, axis=-1)) / seen
    first = np.full((*scaled.shape[:-1], 1), 0.25)
    return np.concatenate([first, after[..., :-1]], axis=-1)


def binomial_p_values(successes: NDArray[np.int64], n: int, share: float) -> Floats:
    """p-values [...] for "the probability is `share` or above": P(Bin(n, share) <= successes).

    Exact: the test behind Clopper and Pearson's upper bound (Biometrika 1934). Needs 0 < share < 1.
    """
    k = np.arange(1, n + 1)
    steps = np.log((n - k + 1) / k) + log(share) - log1p(-share)
    terms = n * log1p(-share) + np.concatenate([[0.0], np.cumsum(steps)])
    below: Floats = np.minimum(np.exp(np.logaddexp.accumulate(terms)), 1.0)
    return below[successes]


def draws_needed(mean: float, deviation: float, bounds: tuple[float, float], error: float) -> float:
    """About how many draws of this mean and deviation, within these bounds, `betting_p_values`
    needs to come below `error`.

    The capital's logarithm grows by about
    a d sqrt(n) - a^2 / 2 with a = sqrt(2 log(1 / error)) and d = -mean / deviation, and no faster
    than the largest stake allows. Infinite where the mean is not below 0.
    """
    low, high = bounds
    if mean >= 0:
        return inf
    reach = sqrt(2 * log(1 / error)) + NormalDist().inv_cdf(POWER)
    fastest = log1p(MOST_STAKED / (1 + low / (high - low)) * -mean / (high - low))
    return (reach * deviation / -mean) ** 2 + LEARNING * log(1 / error) / fastest


def trials_needed(rate: float, share: float, error: float) -> float:
    """The same for `binomial_p_values`, by the normal approximation; infinite from `share` on."""
    if rate >= share:
        return inf
    normal, rate = NormalDist(), max(rate, 0.0)
    reach = normal.inv_cdf(1 - error) * sqrt(share * (1 - share))
    reach += normal.inv_cdf(POWER) * sqrt(rate * (1 - rate))
    return max((reach / (share - rate)) ** 2, log(error) / log1p(-share))


def is_binary(values: NDArray[Any]) -> bool:
    """Whether every value is 0 or 1."""
    return bool(((values == 0) | (values == 1)).all())
