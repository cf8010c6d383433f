"""Baselines: what a request is compared with, as named objects.

Rule: a priced baseline is an assumption about a call that was not made, a measured one an
experiment. No figure mixes the two.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from router.core.catalog import Catalog, ModelCard
from router.core.cost import Usage, baseline_cost
from router.core.decision import Decision
from router.core.lengths import (
    ALIKE,
    ASSUMED,
    SAME,
    Ratio,
    TokenizerRatio,
    known_ratio,
    tokenizer_ratio,
)
from router.core.policy import Policy
from router.core.stats import StatsSnapshot

Kind = Literal["priced", "measured"]


class Always(Struct, frozen=True):
    """One model for everything: the same prompt by its tokenizer, its answer by its verbosity."""

    model: str
    kind: Kind = "priced"

    @property
    def name(self) -> str:
        """As in the log."""
        return f"always:{self.model}"


class Requested(Struct, frozen=True):
    """The model that the client named itself."""

    model: str
    kind: Kind = "priced"

    @property
    def name(self) -> str:
        """As in the log."""
        return "requested"


class Control(Struct, frozen=True):
    """The requests that a draw really sent to a model, with the share that the draw is for."""

    model: str
    share: float
    kind: Kind = "measured"

    @property
    def name(self) -> str:
        """As figures call it; the rows are those whose `arm` is control."""
        return "control"


Baseline = Always | Requested | Control


class PricedBaseline(Struct, frozen=True):
    """What a baseline would have cost, in US dollars; `low` and `high` are the ends of the 95 %
    interval of `verbosity` carried through, equal to `usd` where that is an assumption.

    `tokenizer` is how many tokens its tokenizer takes where the answering model's takes one, and
    from where that is known.
    """

    usd: float
    low: float
    high: float
    verbosity: Ratio = ASSUMED
    tokenizer: TokenizerRatio = ALIKE


def baseline_of(policy: Policy, decision: Decision, requested: str) -> Always | Requested | None:
    """What one request is priced against: what its caller named, else the policy's baseline.

    Who named a model and got it saved nothing, whatever a dearer one would have cost.
    """
    if decision.arm == "named":
        return Requested(requested)
    return Always(policy.baseline) if policy.baseline else None


def control_of(policy: Policy) -> Control | None:
    """The policy's experiment, None where it makes none."""
    if policy.baseline is None or policy.control == 0:
        return None
    return Control(policy.baseline, policy.control)


def price_baseline(
    baseline: Always | Requested,
    served: str,
    usage: Usage,
    cost_usd: float | None,
    catalog: Catalog,
    stats: StatsSnapshot,
) -> PricedBaseline | None:
    """What the baseline would have cost for a request that `served` answered; None if unknown.

    Where the baseline itself answered, that is what it cost.
    """
    if baseline.model == served:
        return None if cost_usd is None else as_paid(cost_usd)
    card = catalog.models.get(baseline.model)
    if card is None:
        return None
    seen = stats.of(served).measured
    # Measured against the policy's baseline alone, which is what control requests go to.
    verbosity = ASSUMED
    if isinstance(baseline, Always):
        verbosity = seen.beside(baseline.model).verbosity
    tokenizer = tokenizer_ratio(stats.of(baseline.model).measured.counted, seen.counted)
    if tokenizer is ALIKE and served in catalog.models:
        weights = _weights(baseline.model, card), _weights(served, catalog.models[served])
        tokenizer = known_ratio(*weights)
    usd = baseline_cost(card, _as_written(usage, tokenizer.value, verbosity.value))
    if usd is None:
        return None
    if verbosity.low == verbosity.value == verbosity.high:
        return PricedBaseline(usd, usd, usd, verbosity, tokenizer)
    low = baseline_cost(card, _as_written(usage, tokenizer.value, verbosity.low)) or 0.0
    high = baseline_cost(card, _as_written(usage, tokenizer.value, verbosity.high)) or 0.0
    return PricedBaseline(usd, low, high, verbosity, tokenizer)


def as_paid(usd: float) -> PricedBaseline:
    """What a baseline that answered itself cost."""
    return PricedBaseline(usd, usd, usd, ASSUMED, SAME)


def _weights(model: str, card: ModelCard) -> str:
    """The name that says most of the weights behind a model."""
    return card.upstream_model or card.catalogue_name or model


def _as_written(usage: Usage, tokenizer: float, verbosity: float) -> Usage:
    """The tokens of another model for the same prompt."""
    if tokenizer == 1.0 and verbosity == 1.0:
        return usage
    return replace(
        usage,
        input_tokens=round(usage.input_tokens * tokenizer),
        cached_input_tokens=round(usage.cached_input_tokens * tokenizer),
        cache_write_tokens=round(usage.cache_write_tokens * tokenizer),
        cache_write_1h_tokens=round(usage.cache_write_1h_tokens * tokenizer),
        output_tokens=round(usage.output_tokens * verbosity),
        reasoning_tokens=round(usage.reasoning_tokens * verbosity),
    )
