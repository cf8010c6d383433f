"""Replay: a logged decision taken again, from what the log keeps of it.

The log keeps no prompt, and needs none: what `decide` was given is in the signals, in what it
expected of each candidate, and in what stood against the others. Rule: a replay that does not come
to the logged candidates is no replay, and nothing may be concluded from it (`agrees`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.core.catalog import Catalog, ModelCard
from router.core.cost import TOKENS_PER_MILLION
from router.core.decide import decide
from router.core.decision import Candidate, Decision
from router.core.limits import Limits
from router.core.policy import Policy
from router.core.request import RoutedRequest, Turn
from router.core.signals import Signals
from router.core.stats import ModelStats, StatsSnapshot
from router.core.tokens import TOKENS_PER_IMAGE, TOKENS_PER_MESSAGE

_AT_ONCE = 1e12
"""Tokens a second: the whole latency stands in the wait for the first byte."""

_CLOSE = 1e-6
_OUT = frozenset({"not_allowed", "unhealthy", "lacks_state"})


@dataclass(frozen=True, slots=True)
class Case:
    """All that `decide` reads, chance aside: a case never explores."""

    request: RoutedRequest
    signals: Signals
    policy: Policy
    catalog: Catalog
    stats: StatsSnapshot

    def decided(self) -> Decision:
        """The decision."""
        policy = self.policy
        if policy.explore:
            policy = policy.model_copy(update={"explore": 0.0})
        return decide(self.request, self.signals, policy, self.catalog, self.stats, 0.0)


def logged_case(row: Mapping[str, Any], policy: Policy, catalog: Catalog) -> Case:
    """The case of a logged decision, `row` as the log's readers give it, under a policy."""
    codes: dict[str, str] = {it["model"]: it["code"] for it in row["rejected"]}
    candidates = [Candidate(**it) for it in row["candidates"]]
    lacked = set(codes.values())
    # Of tools, images, audio and files only that some are there is needed, and only if it told.
    turn = Turn(
        "user",
        "",
        images=int("lacks_vision" in lacked),
        audio=int("lacks_audio" in lacked),
        files=int("lacks_files" in lacked),
        tokens=_tokens(row, candidates, catalog),
    )
    request = RoutedRequest(
        model=row["requested_model"],
        turns=(turn,),
        tools=int("lacks_tools" in lacked),
        json_schema="lacks_json_schema" in lacked,
        limits=_limits(candidates, codes),
    )
    stats = _stats(candidates, request, catalog)
    return Case(request, row["signals"], policy, catalog, stats)


def agrees(case: Case, row: Mapping[str, Any]) -> bool:
    """Whether the case comes to what was logged: the same rule, the same candidates, expected to
    do the same, and the same one first unless chance had a hand in that."""
    decision = case.decided()
    found = {it.model: it for it in decision.candidates}
    logged = {it["model"]: Candidate(**it) for it in row["candidates"]}
    first = None if decision.choice is None else decision.choice.model
    return (
        found.keys() == logged.keys()
        and decision.rule == row["rule"]
        and (row["explored"] or first == row["choice"])
        and all(abs(found[name].quality - it.quality) < _CLOSE for name, it in logged.items())
        and all(_same_cost(found[name], it, case.catalog) for name, it in logged.items())
    )


def _same_cost(found: Candidate, logged: Candidate, catalog: Catalog) -> bool:
    if found.cost_usd is None or logged.cost_usd is None:
        return found.cost_usd is logged.cost_usd
    price = catalog.models[found.model].price
    # Expected tokens are whole, so a cost is met to the price of one.
    one = 0.0 if price is None else (price.output_usd_per_mtok or 0.0) / TOKENS_PER_MILLION
    return abs(found.cost_usd - logged.cost_usd) <= one + _CLOSE * logged.cost_usd


def _tokens(row: Mapping[str, Any], candidates: Sequence[Candidate], catalog: Catalog) -> int:
    """Tokens of input that no logged cost contradicts: the estimate may not have been logged, and
    the upstream's own count is another."""
    tokens = float(row["signals"].get("tokens") or row["input_tokens"] or 0)
    for it in candidates:
        price = catalog.models[it.model].price if it.model in catalog.models else None
        if price is not None and price.input_usd_per_mtok and it.cost_usd is not None:
            tokens = min(tokens, it.cost_usd * TOKENS_PER_MILLION / price.input_usd_per_mtok)
    return max(int(tokens) - TOKENS_PER_MESSAGE - TOKENS_PER_IMAGE, 0)


def _limits(candidates: Sequence[Candidate], codes: Mapping[str, str]) -> Limits:
    """What the caller may have bound itself to, and who was out of order: neither may be asked. A
    policy's own limits are found again anyway."""
    names = None
    if not _OUT.isdisjoint(codes.values()):
        others = (name for name, code in codes.items() if code not in _OUT)
        names = (*(it.model for it in candidates), *others)
    return Limits(local_only="must_stay_local" in codes.values(), allowed_models=names)


def _stats(
    candidates: Sequence[Candidate], request: RoutedRequest, catalog: Catalog
) -> StatsSnapshot:
    """Statistics under which each candidate is expected to cost and to take what was logged."""
    found = {
        it.model: ModelStats(
            first_byte_s=it.latency_s,
            tokens_per_second=_AT_ONCE,
            output_tokens=_output_tokens(it, catalog.models[it.model], request.input_tokens),
        )
        for it in candidates
        if it.model in catalog.models
    }
    return StatsSnapshot(0.0, found)


def _output_tokens(candidate: Candidate, card: ModelCard, input_tokens: int) -> float | None:
    """The tokens of output that make up the logged cost."""
    price, cost = card.price, candidate.cost_usd
    if price is None or cost is None or not price.output_usd_per_mtok:
        return None
    given = input_tokens * (price.input_usd_per_mtok or 0.0)
    return max((cost * TOKENS_PER_MILLION - given) / price.output_usd_per_mtok, 1.0)
