"""One decision of the log in full, and its values as text."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from router.core.bill import OwnCall
from router.core.review import Review
from router.stores.decision_row import Row

UNKNOWN = "-"
"""What stands for a value that is not known: never 0."""


def told(row: Row, review: Review | None = None) -> Iterator[str]:
    """A row in words, section by section, and what the router itself had done about its answer."""
    yield from _section("Request", _request(row))
    yield from _section("Decision", _decision(row))
    yield from _section("Signals", _signals(row))
    yield from _section("Candidates, best first", _candidates(row))
    yield from _section(
        "Rejected", {r["model"]: f"{r['detail']} ({r['code']})" for r in row["rejected"]}
    )
    yield from _section("Attempts", _attempts(row))
    yield from _section("Answer", _answer(row))
    yield from _section("Feedback", _feedback(row))
    if review is not None:
        yield from _section("Review", _review(review))
    if row["request_content"] is not None:
        yield from _section(
            "Content", {"request": row["request_content"], "response": row["response_content"]}
        )


def _section(title: str, facts: Mapping[str, object]) -> Iterator[str]:
    yield title
    width = max((len(printable(name)) for name in facts), default=0)
    for name, value in facts.items():
        yield f"  {printable(name).ljust(width)}  {printable(value)}"
    if not facts:
        yield "  none"


def _request(row: Row) -> Mapping[str, object]:
    return {
        "decision": row["decision"],
        "at": row["at"],
        "endpoint": row["endpoint"] + (", streamed" if row["stream"] else ""),
        "asked for": row["requested_model"],
        "session": row["session"],
        "tags": ", ".join(row["tags"]) or None,
    }


def _decision(row: Row) -> Mapping[str, object]:
    explored = ", drawn for exploration" if row["explored"] else ""
    return {
        "policy": f"{row['policy']}@{row['policy_version']}",
        "rule": row["rule"],
        "passed over": ", ".join(row["unknown_rules"]) or "no rule for want of a signal",
        "strategy": row["strategy"],
        "held": _held(row),
        "choice": row["choice"],
        "because": row["reason"],
        "confidence": f"{row['confidence']:.2f}",
        "propensity": UNKNOWN
        if row["propensity"] is None
        else f"{row['propensity']:.3f}{explored}",
    }


def _held(row: Row) -> str:
    if row["held_model"] is None:
        return "no model before"
    return (
        f"{row['held_model']}, {row['held_tokens']} tokens cached, {row['held_idle_s']:.1f} s ago"
    )


def _signals(row: Row) -> Mapping[str, object]:
    known = {
        name: f"{value:g}" if isinstance(value, float) else value
        for name, value in row["signals"].items()
    }
    failed = {kind: f"not known: {error}" for kind, error in row["failed_signals"].items()}
    return dict(sorted(known.items())) | failed


def _candidates(row: Row) -> Mapping[str, str]:
    return {
        it["model"]: f"quality {it['quality']:.2f}, {dollars(it['cost_usd'])} USD,"
        f" {it['latency_s']:.2f} s, {it['location']}" + _notes(it)
        for it in row["candidates"]
    }


def _notes(candidate: Mapping[str, Any]) -> str:
    lost = candidate.get("switch_cost_usd")
    return (", specialist" if candidate["specialist"] else "") + (
        f", {dollars(lost)} USD of cache lost" if lost else ""
    )


def _attempts(row: Row) -> Mapping[str, str]:
    return {
        f"{number}. {it['model']}": f"upstream {it['upstream']}, status {printable(it['status'])},"
        f" {it['error'] or 'answered'} after {milliseconds(it['seconds'])} ms"
        for number, it in enumerate(row["attempts"], 1)
    }


def _answer(row: Row) -> Mapping[str, object]:
    baseline = f" ({row['baseline']})" if row["baseline"] else ""
    return {
        "outcome": f"{row['outcome']}, status {row['status']}",
        "model": row["model"],
        "tokens": tokens(row) + (" (estimated)" if row["usage_estimated"] else ""),
        "of these": f"{printable(row['cached_input_tokens'])} cached input,"
        f" {printable(row['reasoning_tokens'])} reasoning",
        "cost": f"{dollars(row['cost_usd'])} USD" + (", simulated" if row["simulated"] else ""),
        "own calls": f"{dollars(row['own_usd'])} USD",
        "baseline": f"{dollars(row['baseline_cost_usd'])} USD{baseline}",
        "deciding": f"{milliseconds(row['decision_s'])} ms",
        "overhead": f"{milliseconds(row['overhead_s'])} ms",
        "first byte": f"{milliseconds(row['first_byte_s'])} ms",
        "in all": f"{milliseconds(row['total_s'])} ms",
    }


def _feedback(row: Row) -> Mapping[str, str]:
    return {
        it["source"]: f"{it['score']:.2f}" + (f" ({it['word']})" if it["word"] else "")
        for it in row["feedback"]
    }


def _review(review: Review) -> Mapping[str, str]:
    scores = {"score": UNKNOWN if review.score is None else f"{review.score:.2f}"}
    shadow = review.shadow
    if shadow is not None:
        scores["shadow"] = f"{shadow.score:.2f}, {shadow.model}"
    return scores | {
        f"{number}. {call.purpose}": f"{call.model}, {_used(call)} tokens,"
        f" {dollars(call.cost_usd)} USD"
        for number, call in enumerate(review.calls, 1)
    }


def _used(call: OwnCall) -> str:
    usage = call.usage
    return UNKNOWN if usage is None else f"{usage.input_tokens} + {usage.output_tokens}"


def score(feedback: Sequence[Mapping[str, Any]]) -> str:
    """The mean of what its sources said."""
    if not feedback:
        return UNKNOWN
    return f"{sum(it['score'] for it in feedback) / len(feedback):.2f}"


def tokens(row: Row) -> str:
    """Input and output."""
    if row["input_tokens"] is None:
        return UNKNOWN
    return f"{row['input_tokens']} + {row['output_tokens']}"


def dollars(amount: float | None) -> str:
    """US dollars."""
    return UNKNOWN if amount is None else f"{amount:.6f}"


def milliseconds(duration: float | None) -> str:
    """A duration that is given in seconds."""
    return UNKNOWN if duration is None else f"{duration * 1000:.1f}"


def printable(value: Any) -> str:
    """Text that a terminal can be given: a caller's own words may hold escape sequences."""
    if value is None:
        return UNKNOWN
    text = str(value)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
