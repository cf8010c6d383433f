"""How long one model's answers are beside another's, measured where chance chose between them.

Rule: only a draw makes two models' answers comparable: one of who answers, or one of whose question
another is asked too. Compared otherwise, the model that gets the hard questions looks wordy.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import exp, sqrt
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from router.core.tokenizers import family_of

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

    def plus(self, other: "Lengths") -> "Lengths":
        """Both together."""
        return Lengths(self.n + other.n, self.total + other.total, self.squares + other.squares)

    def minus(self, earlier: "Lengths") -> "Lengths":
        """What came after `earlier`, which is part of these."""
        return Lengths(
            self.n - earlier.n, self.total - earlier.total, self.squares - earlier.squares
        )

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

    def plus(self, other: "Compared") -> "Compared":
        """Both together."""
        return Compared(self.own.plus(other.own), self.control.plus(other.control))

    def minus(self, earlier: "Compared") -> "Compared":
        """What came after `earlier`, which is part of these."""
        return Compared(self.own.minus(earlier.own), self.control.minus(earlier.control))

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

    def plus(self, other: "Counted") -> "Counted":
        """Both together."""
        return Counted(self.n + other.n, self.told + other.told, self.estimated + other.estimated)

    def minus(self, earlier: "Counted") -> "Counted":
        """What came after `earlier`, which is part of these."""
        return Counted(
            self.n - earlier.n, self.told - earlier.told, self.estimated - earlier.estimated
        )


UNCOMPARED = Compared()


class Measured(Struct, frozen=True):
    """All that was measured of one model: its answers beside those of each baseline, by the
    baseline's name, and its tokens beside our estimate."""

    compared: Mapping[str, Compared] = field(default_factory=dict)
    counted: Counted = Counted()

    def with_text(self, told: int, estimated: int) -> "Measured":
        """One more text that was counted."""
        return Measured(self.compared, self.counted.with_one(told, estimated))

    def with_answer(self, baseline: str, control: bool, tokens: float) -> "Measured":
        """One more answer, of the baseline if `control`."""
        more = self.beside(baseline).with_one(control, tokens)
        return Measured({**self.compared, baseline: more}, self.counted)

    def beside(self, baseline: str) -> Compared:
        """The answers that may be compared with a baseline's."""
        return self.compared.get(baseline, UNCOMPARED)

    def plus(self, other: "Measured") -> "Measured":
        """Both together."""
        names = self.compared.keys() | other.compared.keys()
        compared = {name: self.beside(name).plus(other.beside(name)) for name in names}
        return Measured(compared, self.counted.plus(other.counted))

    def minus(self, earlier: "Measured") -> "Measured":
        """What came after `earlier`, which is part of this."""
        since = {name: it.minus(earlier.beside(name)) for name, it in self.compared.items()}
        compared = {name: it for name, it in since.items() if it != UNCOMPARED}
        return Measured(compared, self.counted.minus(earlier.counted))


UNMEASURED = Measured()

Basis = Literal["measured", "known", "assumed"]
"""Where a ratio of tokenizers comes from: upstreams' own counts of this traffic; their tokenizers'
counts of other texts; nowhere."""


class TokenizerRatio(Struct, frozen=True):
    """How many tokens one model takes for a text where another takes one."""

    value: float = 1.0
    basis: Basis = "assumed"


ALIKE = TokenizerRatio()
"""Nothing is known: as many tokens as the model that answered was told of."""

SAME = TokenizerRatio(1.0, "known")
"""Of one model with itself."""


def tokenizer_ratio(of: Counted, to: Counted) -> TokenizerRatio:
    """How many tokens `of` takes for a text where `to` takes one; ALIKE below LEAST texts of
    either."""
    if min(of.n, to.n) < LEAST or min(of.told, to.told, of.estimated, to.estimated) <= 0:
        return ALIKE
    value = (of.told / of.estimated) / (to.told / to.estimated)
    return TokenizerRatio(value, "measured")


@lru_cache(maxsize=1024)
def known_ratio(of: str, to: str) -> TokenizerRatio:
    """The same by the names of two models' weights; ALIKE if one of them does not tell."""
    one, other = family_of(of), family_of(to)
    if one is None or other is None:
        return ALIKE
    return TokenizerRatio(one.tokens / other.tokens, "known")
