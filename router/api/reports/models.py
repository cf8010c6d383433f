"""GET /api/v1/models: every model: its health now, how it fared lately, its card."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports import asked
from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.core.catalog import Catalog
from router.core.stats import StatsSnapshot
from router.gateway import Gateway
from router.stores.model_traffic import MOST_REQUESTS, ModelCall, ModelTraffic

SLOTS = 48
DEFAULT_S = 86_400.0
COLUMNS = (
    "model",
    "location",
    "upstream",
    "state",
    "in_flight",
    "calls",
    "errors",
    "error_ratio",
    "first_byte_p50_s",
    "first_byte_p95_s",
    "total_p50_s",
    "total_p95_s",
    "tokens_per_second",
    "cost_usd",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "usd_per_hour",
    "context_window",
    "capabilities",
    "quality",
)


async def models(request: Request) -> Response:
    """The models as JSON or CSV."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """Every model of every policy, over the period that `since` begins (24 hours by default)."""
    runtime = runtime_of(request)
    now = runtime.gateway.clock.now()
    since = asked.moment(request, "since", now)
    since = now - DEFAULT_S if since is None else min(since, now)
    traffic = ModelTraffic(runtime.settings.decision_log)
    calls = await asyncio.to_thread(traffic.calls, since)
    by_model: dict[str, list[ModelCall]] = {}
    for call in calls:
        by_model.setdefault(call.model, []).append(call)
    rows = [
        {
            **card,
            **_fared(by_model.get(name, ())),
            "strip": _strip(by_model.get(name, ()), since, now),
        }
        for name, card in _cards(runtime.gateway).items()
    ]
    content = {
        "object": "models",
        "since": since,
        "until": now,
        "newest_only": MOST_REQUESTS if len(calls) >= MOST_REQUESTS else None,
        "slot_s": (now - since) / SLOTS,
        "models": rows,
    }
    return Told(
        content, COLUMNS, [{**row, "capabilities": " ".join(row["capabilities"])} for row in rows]
    )


def _cards(gateway: Gateway) -> Mapping[str, dict[str, Any]]:
    """What is known of each model, by its name; the default policy's card where several differ."""
    snapshot, under_way = gateway.stats.snapshot(), gateway.stats.in_flight()
    found: dict[str, dict[str, Any]] = {}
    for in_force in (gateway.default, *gateway.policies.values()):
        for name in in_force.catalog.models:
            card = _card(name, in_force.catalog, snapshot)
            found.setdefault(name, {**card, "in_flight": under_way.get(name, 0)})
    return found


def _card(name: str, catalog: Catalog, snapshot: StatsSnapshot) -> dict[str, Any]:
    card, stats = catalog.models[name], snapshot.of(name)
    price = card.price
    return {
        "model": name,
        "location": card.location,
        "upstream": card.upstream,
        "kind": catalog.upstream_of(name).kind,
        "served_as": catalog.served_name(name),
        "speaks": list(catalog.speaks(name)),
        **_state(name, card.upstream, snapshot),
        "expected_first_byte_s": stats.first_byte_s,
        "expected_tokens_per_second": stats.tokens_per_second,
        "input_usd_per_mtok": None if price is None else price.input_usd_per_mtok,
        "output_usd_per_mtok": None if price is None else price.output_usd_per_mtok,
        "usd_per_hour": None if price is None else price.usd_per_hour,
        "context_window": card.window,
        "capabilities": list(card.capabilities or ()),
        "quality": card.quality.overall,
    }


def _state(name: str, upstream: str, snapshot: StatsSnapshot) -> dict[str, Any]:
    """Whether the circuits of the model and of its upstream let requests through now, and if one
    does not until when; the worse of the two."""
    stats, now = snapshot.of(name), snapshot.now
    circuits = (stats.circuit, snapshot.circuit_of(upstream))
    states = [circuit.state(now) for circuit in circuits]
    if "open" in states:
        until = max(circuit.open_until for circuit in circuits)
        return {"state": "open", "retried_in_s": until - now}
    if "half_open" in states:
        return {"state": "half_open", "retried_in_s": None}
    return {"state": "closed" if stats.calls else "unseen", "retried_in_s": None}


def _fared(calls: Sequence[ModelCall]) -> dict[str, Any]:
    """How a model's calls went; None where there is nothing to tell it from."""
    answered_ = [call for call in calls if call.error is None]
    errors = len(calls) - len(answered_)
    first = sorted(c.first_byte_s for c in answered_ if c.stream and c.first_byte_s is not None)
    total = sorted(call.total_s for call in answered_)
    costs = [call.cost_usd for call in answered_ if call.cost_usd is not None]
    return {
        "calls": len(calls),
        "errors": errors,
        "error_ratio": errors / len(calls) if calls else None,
        "first_byte_p50_s": quantile(first, 0.5),
        "first_byte_p95_s": quantile(first, 0.95),
        "total_p50_s": quantile(total, 0.5),
        "total_p95_s": quantile(total, 0.95),
        "tokens_per_second": quantile(sorted(_speeds(answered_)), 0.5),
        "cost_usd": sum(costs) if costs else None,
        "unpriced": len(answered_) - len(costs),
        "error_kinds": _counted(call.error for call in calls if call.error is not None),
    }


def _speeds(calls: Iterable[ModelCall]) -> Iterator[float]:
    """Tokens a second of each answer: of a stream over its writing alone."""
    for call in calls:
        waited = (call.first_byte_s or 0.0) if call.stream else 0.0
        writing = call.total_s - waited
        if call.output_tokens and writing > 0:
            yield call.output_tokens / writing


def _strip(calls: Iterable[ModelCall], since: float, now: float) -> list[dict[str, Any]]:
    """Calls and errors in each of SLOTS equal pieces of the period, the oldest first."""
    slots = [
        {"at": since + (now - since) * i / SLOTS, "calls": 0, "errors": 0} for i in range(SLOTS)
    ]
    for call in calls:
        place = min(int((call.at - since) / max(now - since, 1e-9) * SLOTS), SLOTS - 1)
        slots[place]["calls"] += 1
        slots[place]["errors"] += call.error is not None
    return slots


def _counted(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value that `share` of the ordered values do not exceed; None of none."""
    if not ordered:
        return None
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
