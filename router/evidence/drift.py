"""Drift: how far what is asked has moved from what a classifier learned from.

The population stability index of two histograms over the same bins, sum (p - q) ln(p / q): the
symmetrised relative entropy of Kullback and Leibler (Annals of Mathematical Statistics 1951).
Custom reads 0.1 as some and 0.25 as much; but also without drift it is above 0 by chance, times
its scale like a chi-squared (Yurdakul and Naranjo, Statistical properties of the population
stability index, Journal of Risk Model Validation 2020): so both are told.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from router.evidence.bounds import Floats
from router.evidence.figure import LEVEL, Figure, not_measured, too_few

SOME, MUCH = 0.1, 0.25
LEAST_PER_BIN = 5
"""So many of both are wanted for each bin, on average."""

_GIVEN_TO_ALL = 0.5
"""Added to each bin, so that an empty one makes no infinity."""


def stability_index(expected: Floats, seen: Floats) -> float:
    """The index of two counts [bins]; 0 where both are spread alike."""
    p, q = _shares(seen), _shares(expected)
    return float(((p - q) * np.log(p / q)).sum())


def chance_of(expected: Floats, seen: Floats, level: float = LEVEL) -> float:
    """The index that without any drift is exceeded with probability 1 - level only."""
    return (1 / float(expected.sum()) + 1 / float(seen.sum())) * chi_squared(
        len(expected) - 1, level
    )


def chi_squared(freedom: int, level: float) -> float:
    """Its quantile, to about 1 %, by the cube root's normal form (Wilson and Hilferty 1931)."""
    part = 2 / (9 * freedom)
    return freedom * (1 - part + NormalDist().inv_cdf(level) * sqrt(part)) ** 3


def drift(name: str, expected: Sequence[int], seen: Sequence[int]) -> Figure:
    """The drift of a signal between training and traffic, by counts over the same bins.

    The interval is by the delta method, each side's shares being multinomial. Raises ValueError
    for bins that differ in number.
    """
    if len(expected) != len(seen):
        raise ValueError(f"{name}: {len(expected)} bins were learned from and {len(seen)} seen")
    then, now = (np.asarray(it, dtype=np.float64) for it in (expected, seen))
    n, learned = int(now.sum()), int(then.sum())
    if not learned or len(then) < 2:
        told = f"What {name} looked like in training is not known: train again to record it."
        return not_measured(f"drift.{name}", "index", told)
    least = LEAST_PER_BIN * len(then)
    if n < least:
        told = f"Too few requests to compare {name} with training: {n} of {least}."
        return too_few(f"drift.{name}", "index", told, n, least)
    value = stability_index(then, now)
    reach = NormalDist().inv_cdf((1 + LEVEL) / 2) * _deviation(then, now)
    told = f"{name}: {_word(value, chance_of(then, now))} (index {value:.2f}; {n:,} requests)."
    low = max(value - reach, 0.0)
    return Figure(f"drift.{name}", "index", "value", told, "observed", value, low, value + reach, n)


@dataclass(frozen=True, slots=True)
class Drift:
    """The drift of a signal, and the index that chance alone would rarely exceed; None where the
    signal was not compared."""

    signal: str
    figure: Figure
    chance: float | None = None


def drift_of_numbers(signal: str, expected: Sequence[int], values: Iterable[float]) -> Drift:
    """Of a number in [0, 1], `expected` having counted equal pieces of it."""
    seen = [0] * len(expected)
    for value in values if seen else ():
        seen[min(max(int(value * len(seen)), 0), len(seen) - 1)] += 1
    return _drift(signal, expected, seen)


def drift_of_labels(signal: str, expected: Mapping[str, int], labels: Iterable[str]) -> Drift:
    """Of a label; one that training had not is a bin too."""
    seen = Counter(labels)
    names = sorted(expected.keys() | seen.keys())
    return _drift(signal, [expected.get(it, 0) for it in names], [seen[it] for it in names])


def _drift(signal: str, expected: Sequence[int], seen: Sequence[int]) -> Drift:
    figure = drift(signal, expected, seen)
    if not figure.known:
        return Drift(signal, figure)
    then, now = (np.asarray(it, dtype=np.float64) for it in (expected, seen))
    return Drift(signal, figure, chance_of(then, now))


def _word(value: float, chance: float) -> str:
    if value <= chance:
        return "as in training, as far as chance lets one see"
    size = "much" if value >= MUCH else "somewhat" if value >= SOME else "a little"
    return f"{size} other than in training"


def _deviation(expected: Floats, seen: Floats) -> float:
    p, q = _shares(seen), _shares(expected)
    by_p = np.log(p / q) + 1 - q / p
    by_q = np.log(q / p) + 1 - p / q
    return sqrt(_variance(by_p, p) / seen.sum() + _variance(by_q, q) / expected.sum())


def _variance(slopes: Floats, shares: Floats) -> float:
    return float((shares * slopes**2).sum() - (shares * slopes).sum() ** 2)


def _shares(counts: Floats) -> Floats:
    given = counts + _GIVEN_TO_ALL
    return np.asarray(given / given.sum())
