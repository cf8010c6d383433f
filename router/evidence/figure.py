"""Figure: one number as a page may show it, with its interval, or why there is none.

Rule: a figure is in one of three states and says so itself: a value with an interval and what it
rests on; not enough data yet, and about how much there must be; not measured, and what to do.
Nothing unknown is ever 0.
"""

from dataclasses import dataclass
from math import floor, log10
from typing import Literal

State = Literal["value", "not_enough_data", "not_measured"]
Unit = Literal["share", "usd", "score", "index", "seconds"]
"""share: 0.41 is 41 %. usd: US dollars. seconds: a duration. score: mean scores, of answers
from 0 to 1. index: none."""

Basis = Literal["priced", "measured", "observed"]
"""priced: an assumption, what the baseline would have charged. measured: an experiment, in which
chance chose. observed: what was seen, where nobody chose by chance."""

LEVEL = 0.95

FINEST = 7
"""Decimals of a percentage beyond which a share is none, or all: one of a thousand million."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it rests on.

    `sentence` tells it in plain words. `value`, `low` and `high` are in `unit` and stand only in
    the state "value"; `n` counts what was seen (requests, judged sessions: the sentence says),
    `needed` about how many it takes where they are too few.
    """

    name: str
    unit: Unit
    state: State
    sentence: str
    basis: Basis = "observed"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    needed: int | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a value without its interval, or an interval without a value."""
        told = [number is not None for number in (self.value, self.low, self.high)]
        if any(told) != (self.state == "value") or any(told) != all(told):
            raise ValueError(f"{self.name}: a value has an interval, and nothing else has one")

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return self.state == "value"


def too_few(
    name: str, unit: Unit, sentence: str, n: int, needed: int | None, basis: Basis = "observed"
) -> Figure:
    """A figure that wants more data. `needed` is None where none can be told."""
    return Figure(name, unit, "not_enough_data", sentence, basis, n=n, needed=needed)


def not_measured(name: str, unit: Unit, sentence: str, basis: Basis = "observed") -> Figure:
    """A figure that nothing was measured for; the sentence says what to do about it."""
    return Figure(name, unit, "not_measured", sentence, basis)


def percent(value: float, low: float, high: float) -> str:
    """`41 % [38, 44]`, of shares; with one decimal where the interval is narrow."""
    digits = 0 if abs(high - low) >= 0.02 else 1
    return "{} % [{}, {}]".format(*(in_percent(it, digits) for it in (value, low, high)))


def in_percent(share: float, digits: int = 0) -> str:
    """`99.7`, of 0.997: as many decimals as asked for, or as tell it from none and from all."""
    told = [_unsigned(f"{100 * share:.{most}f}") for most in range(digits, FINEST + 1)]
    return next((it for it in told if float(it) not in (0, 100)), told[0])


def usd(amount: float) -> str:
    """`1,204.50 USD`; below a dollar three figures that count."""
    if abs(amount) >= 1 or amount == 0:
        return f"{amount:,.2f} USD"
    return f"{amount:.{2 - floor(log10(abs(amount)))}f} USD"


def usd_interval(value: float, low: float, high: float) -> str:
    """`0.75 USD [0.63, 0.90]`."""
    ends = [usd(it).removesuffix(" USD") for it in (low, high)]
    return f"{usd(value)} [{ends[0]}, {ends[1]}]"


def milliseconds(value: float, low: float, high: float) -> str:
    """`2.1 ms [1.9, 2.4]`, of seconds."""
    shown = [f"{1000 * it:,.1f}" for it in (value, low, high)]
    return "{} ms [{}, {}]".format(*shown)


def points(value: float, low: float, high: float) -> str:
    """`-0.012 [-0.031, 0.007]`, of scores."""
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


def _unsigned(text: str) -> str:
    """No minus before nothing."""
    return text.removeprefix("-") if not text.strip("-0.") else text
