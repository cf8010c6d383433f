"""How long one model's answers are beside another's, measured where chance chose between them.

Rule: only a draw makes two models' answers comparable: one of who answers, or one of whose question
another is asked too. Compared otherwise, the model that gets the hard questions looks wordy.
"""

from math import exp, sqrt

from msgspec import Struct
from msgspec.structs import replace

LEAST = 30
"""Answers of each model below which nothing is said of their ratio."""

_Z = 1.959964
"""Of a two-sided 95 % interval."""


class Lengths(Struct, frozen=True):
    """Output tokens of `n` answers: their sum, and the sum of their squares."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def with_one(self, tokens: float) -> "Lengths":
        """One more answer."""
        return Lengths(self.n + 1, self.total + tokens, self.squares + tokens * tokens)

    @property
    def mean(self) -> float:
        """Tokens of an answer; NaN-free only for `n` above 0."""
        return self.total / self.n

    @property
    def error(self) -> float:
        """The mean's standard error over the mean itself."""
        variance = max(self.squares - self.n * self.mean**2, 0.0) / (self.n - 1)
        return sqrt(variance / self.n) / self.mean


class Ratio(Struct, frozen=True):
    """A ratio with its 95 % interval, from so many answers of the rarer side; 0: an assumption."""

    value: float = 1.0
    low: float = 1.0
    high: float = 1.0
    n: int = 0


ASSUMED = Ratio()
"""Nothing was measured: as many tokens as the model that answered wrote."""


def ratio_of_means(of: Lengths, to: Lengths) -> Ratio:
    """Mean of `of` over mean of `to`, ASSUMED below LEAST answers of either.

    The interval is the delta method's on the logarithm, for independent samples (Casella and
    Berger, Statistical Inference, 2nd ed., section 5.5.4). Two answers to one question are long or
    short together, which makes it wider than it need be for pairs.
    """
    if min(of.n, to.n) < LEAST or min(of.total, to.total) <= 0:
        return ASSUMED
    value = of.mean / to.mean
    spread = exp(_Z * sqrt(of.error**2 + to.error**2))
    return Ratio(value, value / spread, value * spread, min(of.n, to.n))


class Compared(Struct, frozen=True):
    """Answers to requests that one model was to get: its own, and the baseline's where a control
    draw sent the request there instead, or where a shadow was asked the same."""

    own: Lengths = Lengths()
    control: Lengths = Lengths()

    def with_one(self, control: bool, tokens: float) -> "Compared":
        """One more answer, of the baseline if `control`."""
        if control:
            return replace(self, control=self.control.with_one(tokens))
        return replace(self, own=self.own.with_one(tokens))

    @property
    def verbosity(self) -> Ratio:
        """How many tokens the baseline writes where this model writes one."""
        return ratio_of_means(self.control, self.own)


class Counted(Struct, frozen=True):
    """Input tokens as a model's tokenizer counts them, beside our estimate of the same texts."""

    n: int = 0
    told: int = 0
    estimated: int = 0

    def with_one(self, told: int, estimated: int) -> "Counted":
        """One more text."""
        return Counted(self.n + 1, self.told + told, self.estimated + estimated)


def tokenizer_ratio(of: Counted, to: Counted) -> float:
    """How many tokens `of` takes for a text where `to` takes one; 1 below LEAST texts of either."""
    if min(of.n, to.n) < LEAST or min(of.told, to.told, of.estimated, to.estimated) <= 0:
        return 1.0
    return (of.told / of.estimated) / (to.told / to.estimated)
