"""The columns of the decision log: where each comes from and what it means.

Rule: this table is the only description of a row. The schema, `docs/decision-log.md` and what
`recent` returns are tested against it; every decision log, in whatever store, keeps these rows.
"""

from router.core.event import RoutingEvent
from router.stores.column import Column as Column
from router.stores.column import Kind as Kind
from router.stores.column import of as _of
from router.stores.column import of_part as _part
from router.stores.column import of_usage as _usage
from router.stores.ledger_columns import LEDGER_COLUMNS, TOKENIZER_BASIS

_content = _part("content")
_held = _part("held")


def _choice(event: RoutingEvent) -> str | None:
    candidates = event.decision.candidates
    return candidates[0].model if candidates else None


COLUMNS: tuple[Column, ...] = (
    Column("id", "text", "The decision id, as in x-slm-router-decision", _of("id"), "", True),
    Column("at", "number", "When the request arrived", _of("at"), "Unix seconds", True),
    Column("endpoint", "text", "The endpoint that was called", _of("endpoint"), "", True),
    Column(
        "requested_model",
        "text",
        "The model as the caller named it",
        _of("requested_model"),
        "",
        True,
    ),
    Column("stream", "flag", "Whether a stream was asked for", _of("stream"), "", True),
    Column("session", "text", "Pseudonym of the session, named or by its start", _of("session")),
    Column("policy", "text", "The policy that decided", _of("decision.policy"), "", True),
    Column(
        "policy_version",
        "text",
        "Hash of that policy and its catalog",
        _of("policy_version"),
        "",
        True,
    ),
    Column("rule", "text", "The rule that held, or `default`", _of("decision.rule"), "", True),
    Column(
        "strategy",
        "text",
        "What ordered the candidates; `named`: the caller did, `session`: their conversation",
        _of("decision.strategy"),
        "",
        True,
    ),
    Column("choice", "text", "The model to try first; null if none could serve", _choice),
    Column("model", "text", "The model that answered; null if none did", _of("model")),
    Column(
        "reason",
        "text",
        "Why `choice` came first, in one sentence",
        _of("decision.reason"),
        "",
        True,
    ),
    Column(
        "outcome",
        "text",
        "`ok`, `refused`, `no_candidate`, `unavailable`, `upstream_error`, `broken` or `cancelled`",
        _of("outcome"),
        "",
        True,
    ),
    Column(
        "status",
        "integer",
        "The HTTP status that the caller was given; 499 if the caller left before",
        _of("status"),
        "",
        True,
    ),
    Column(
        "propensity",
        "number",
        "With what probability `choice` was to come first",
        _of("propensity"),
        "0 to 1",
    ),
    Column(
        "draw",
        "number",
        "The chance that its conversation was given: below the policy's explore share it explored",
        _of("draw"),
        "0 to 1",
        True,
    ),
    Column(
        "explored",
        "flag",
        "Whether `choice` was drawn for exploration",
        _of("decision.explored"),
        "",
        True,
    ),
    Column(
        "confidence",
        "number",
        "Lowest confidence among the learned signals that were read",
        _of("decision.confidence"),
        "0 to 1",
        True,
    ),
    Column(
        "input_tokens", "integer", "Input, cached input included", _usage("input_tokens"), "tokens"
    ),
    Column(
        "output_tokens", "integer", "Output, reasoning included", _usage("output_tokens"), "tokens"
    ),
    Column(
        "cached_input_tokens",
        "integer",
        "Input that the upstream had cached",
        _usage("cached_input_tokens"),
        "tokens",
    ),
    Column(
        "reasoning_tokens",
        "integer",
        "Output spent on reasoning",
        _usage("reasoning_tokens"),
        "tokens",
    ),
    Column(
        "usage_estimated",
        "flag",
        "Whether the tokens are our estimate, the upstream having told none",
        _of("usage_estimated"),
        "",
        True,
    ),
    Column(
        "cost_usd",
        "number",
        "What the answer cost, at the prices of that moment; null if no"
        " price is known, never 0 for unknown",
        _of("cost_usd"),
        "US dollars",
    ),
    Column("baseline", "text", "What `baseline_cost_usd` stands for", _of("baseline")),
    Column(
        "baseline_cost_usd",
        "number",
        "What the same tokens would have cost on the baseline; null if not priced",
        _of("baseline_cost_usd"),
        "US dollars",
    ),
    Column(
        "decision_s",
        "number",
        "Time spent on signals and decision",
        _of("timings.decision_s"),
        "seconds",
        True,
    ),
    Column(
        "overhead_s",
        "number",
        "Time spent by the gateway itself, in all",
        _of("timings.overhead_s"),
        "seconds",
        True,
    ),
    Column(
        "first_byte_s",
        "number",
        "Arrival to the first byte sent on; null if there was none",
        _of("timings.first_byte_s"),
        "seconds",
    ),
    Column("total_s", "number", "Arrival to the end", _of("timings.total_s"), "seconds", True),
    Column(
        "fallbacks",
        "integer",
        "How many models failed before one answered",
        _of("fallbacks"),
        "models",
        True,
    ),
    Column(
        "simulated",
        "flag",
        "Whether a simulated upstream answered: its costs are not money",
        _of("simulated"),
        "",
        True,
    ),
    Column(
        "signals",
        "json",
        "Object: signal -> value; never the text it was found in",
        _of("signals"),
        "",
        True,
    ),
    Column(
        "failed_signals",
        "json",
        "Object: signal kind -> class of the error that it met",
        _of("failed_signals"),
        "",
        True,
    ),
    Column(
        "unknown_rules",
        "json",
        "List: rules passed over because a signal was missing",
        _of("decision.unknown_rules"),
        "",
        True,
    ),
    Column(
        "candidates",
        "json",
        "List, best first: model, location, quality (0 to 1), cost_usd"
        " and latency_s as expected, specialist, switch_cost_usd",
        _of("decision.candidates"),
        "",
        True,
    ),
    Column(
        "rejected",
        "json",
        "List: model, code and detail of what stood against it",
        _of("decision.rejected"),
        "",
        True,
    ),
    Column(
        "propensities",
        "json",
        "Object: candidate -> probability with which it was to come first",
        _of("decision.propensities"),
        "",
        True,
    ),
    Column(
        "attempts",
        "json",
        "List, in order: model, upstream, status, error, seconds; usage, cost_usd and paid, of"
        " what is or may be charged",
        _of("attempts"),
        "",
        True,
    ),
    Column(
        "request_content",
        "text",
        "The request's text; null unless store_content is on",
        _content("request"),
    ),
    Column(
        "response_content",
        "text",
        "The answer's text; null unless store_content is on",
        _content("response"),
    ),
    Column("key_name", "text", "The name of the caller's API key; null without", _of("key_name")),
    *LEDGER_COLUMNS,
    Column(
        "held_model", "text", "The model that the conversation was with, if any", _held("model")
    ),
    Column("held_tokens", "integer", "How much of it that had cached", _held("tokens"), "tokens"),
    Column("held_idle_s", "number", "How long ago that had answered", _held("idle_s"), "seconds"),
    Column(
        "tags",
        "json",
        "List: what the caller said the request is for, by header and by what the policy takes of"
        " its metadata",
        _of("tags"),
        "",
        True,
    ),
    TOKENIZER_BASIS,
)
"""Every column, in the order of the schema."""

CONTENT = frozenset({"request_content", "response_content"})
"""Columns that hold what people wrote: read one row at a time, never in bulk."""
