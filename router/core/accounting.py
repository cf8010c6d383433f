"""Accounting: from what one request used to what it cost, once, at the prices in force.

Pure: prices are those of the catalogue that decided, so that a later price rewrites nothing.
"""

from collections.abc import Sequence

from msgspec import Struct

from router.core.baseline import (
    Always,
    PricedBaseline,
    Requested,
    as_paid,
    baseline_of,
    price_baseline,
)
from router.core.bill import Bill, OwnCall
from router.core.catalog import Catalog
from router.core.cost import Usage, baseline_cost, call_cost
from router.core.decision import Decision
from router.core.energy import Footprint, footprint
from router.core.event import Attempt
from router.core.policy import Policy
from router.core.stats import StatsSnapshot


class Prices(Struct, frozen=True):
    """What a request is priced by: its policy's baseline, the catalogue and what was measured."""

    policy: Policy
    catalog: Catalog
    stats: StatsSnapshot


class Answered(Struct, frozen=True):
    """The call that answered: its model, its tokens (None: not known) and for how many seconds
    it kept its machine busy. `refused`: the upstream refused, which costs nothing."""

    model: str
    usage: Usage | None
    busy_s: float
    refused: bool = False


class Account(Struct, frozen=True):
    """What a request cost. `cost_usd` is the answer's, None without one or without a price."""

    cost_usd: float | None
    baseline: str | None
    baseline_cost_usd: float | None
    bill: Bill


def account(
    prices: Prices,
    decision: Decision,
    requested: str,
    answer: Answered | None,
    failed: Sequence[Attempt],
    own: Sequence[OwnCall] = (),
) -> Account:
    """The account of one request. `failed` are the calls that did not answer."""
    models = prices.catalog.models
    compared = baseline_of(prices.policy, decision, requested)
    if answer is not None and answer.usage is not None and answer.usage.is_nothing:
        # There is nothing to compare: it would count as a request on which nothing was saved.
        compared = None
    name = None if compared is None else compared.name
    cost: float | None = None
    same: float | None = None
    priced: PricedBaseline | None = None
    if answer is not None and answer.usage is not None and not answer.refused:
        cost = call_cost(models[answer.model].price, answer.usage, answer.busy_s)
        if compared is not None and compared.model in models:
            same, priced = _against(compared, prices, answer.model, answer.usage, cost)
    bill = Bill(
        escalation_usd=_sum([one.cost_usd for one in failed if one.paid]) if failed else 0.0,
        own_usd=_sum([one.cost_usd for one in own]) if own else 0.0,
        cache_loss_usd=0.0 if answer is None or answer.refused else _lost(decision, answer.model),
        baseline=priced,
        priced_by=prices.catalog.price_sheet,
        footprint=None if answer is None or answer.refused else _footprint(prices, answer),
    )
    return Account(cost, name, same, bill)


def _against(
    compared: Always | Requested, prices: Prices, served: str, usage: Usage, cost: float | None
) -> tuple[float | None, PricedBaseline | None]:
    """What the same tokens would have cost on a baseline, and what the same prompt would have."""
    card = prices.catalog.models[compared.model]
    if compared.model == served and (card.price is None or card.price.usd_per_hour is None):
        # By the token, what it cost is what it would have cost.
        return cost, None if cost is None else as_paid(cost)
    priced = price_baseline(compared, served, usage, cost, prices.catalog, prices.stats)
    return baseline_cost(card, usage), priced


def paid(attempt: Attempt, catalog: Catalog, usage: Usage | None, busy_s: float) -> Attempt:
    """A call that did not answer, and is thought to have been paid for."""
    cost = None
    if usage is not None:
        cost = call_cost(catalog.models[attempt.model].price, usage, busy_s)
    return Attempt(
        attempt.model,
        attempt.upstream,
        attempt.status,
        attempt.error,
        attempt.seconds,
        usage=usage,
        cost_usd=cost,
        paid=True,
    )


def _sum(parts: Sequence[float | None]) -> float | None:
    """The sum; None if a part of it is not known."""
    return None if None in parts else sum(part for part in parts if part is not None)


def _lost(decision: Decision, model: str) -> float:
    """US dollars of prompt cache that the change to this model was expected to lose."""
    for candidate in decision.candidates:
        if candidate.model == model:
            return candidate.switch_cost_usd
    return 0.0


def _footprint(prices: Prices, answer: Answered) -> Footprint | None:
    card = prices.catalog.models[answer.model]
    if card.energy is None and card.power_watts is None:
        return None
    tokens = None if answer.usage is None else answer.usage.output_tokens
    return footprint(card.energy, card.power_watts, tokens, answer.busy_s)
