"""Response headers: which decision answered, in words that fit a header."""

import re

from router.exchange import Exchange
from router.gateway import Routed

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def decision_headers(routed: Routed) -> dict[str, str]:
    """What was decided, before anyone was asked."""
    choice = routed.decision.choice
    return {**_decided(routed), "x-slm-router-model": _ascii(choice.model if choice else "")}


def exchange_headers(exchange: Exchange) -> dict[str, str]:
    """What was decided and who answered, if anybody did, with how long we took ourselves."""
    trace, routed = exchange.trace, exchange.routed
    headers = _decided(routed)
    headers["x-slm-router-overhead-ms"] = f"{(trace.overhead_s or 0.0) * 1000:.2f}"
    if trace.model is not None:
        headers["x-slm-router-model"] = _ascii(trace.model)
        if routed.in_force.is_simulated(trace.model):
            headers["x-slm-router-simulated"] = "true"
    failed = [attempt.model for attempt in trace.attempts if attempt.error is not None]
    if failed:
        headers["x-slm-router-fallback-from"] = _ascii(",".join(failed))
    return headers


def _decided(routed: Routed) -> dict[str, str]:
    decision = routed.decision
    return {
        "x-request-id": routed.id,
        "x-slm-router-decision": routed.id,
        "x-slm-router-policy": routed.in_force.name_at_version,
        "x-slm-router-rule": _ascii(decision.rule),
        "x-slm-router-reason": _ascii(decision.reason),
        "x-slm-router-confidence": f"{decision.confidence:.2f}",
    }


def _ascii(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub("?", text)
