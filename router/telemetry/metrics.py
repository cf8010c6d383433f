"""Every metric of the gateway, once: its name, type, labels, unit and meaning.

Rule: a label's values come from configuration (models, upstreams, policies, rules) or from a fixed
list, never from a request. `docs/metrics.md` is this table.
"""

from dataclasses import dataclass
from typing import Literal

PREFIX = "slm_router_"

_INSTANT_S = (0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)
_ANSWER_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_TENTHS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric. `name` is without the prefix; `buckets` are a histogram's upper bounds.

    `across` says what the gauge of several workers is; what they count is added up.
    """

    name: str
    type: Literal["counter", "gauge", "histogram", "summary"]
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()
    across: Literal["max", "min", "sum"] = "max"


REQUESTS = MetricSpec(
    "requests_total",
    "counter",
    ("endpoint", "outcome"),
    "Requests that were routed, by how they ended",
)
DECISIONS = MetricSpec(
    "decisions_total",
    "counter",
    ("policy", "rule", "model"),
    "Decisions, by the model that was to be tried first (none: no model could serve)",
)
ANSWERS = MetricSpec(
    "answers_total",
    "counter",
    ("policy", "model", "location", "arm"),
    "Requests that a model answered, also in part; arm: routed by the policy, treated or control"
    " by lot, or named by the caller",
)
DECISION_SECONDS = MetricSpec(
    "decision_seconds", "histogram", (), "Time for signals and decision", _INSTANT_S
)
OVERHEAD_SECONDS = MetricSpec(
    "overhead_seconds", "histogram", (), "Time the gateway itself adds to an answer", _INSTANT_S
)
FIRST_BYTE_SECONDS = MetricSpec(
    "first_byte_seconds",
    "histogram",
    ("model",),
    "Arrival to the first byte sent on, by the model that answered",
    _ANSWER_S,
)
REQUEST_SECONDS = MetricSpec(
    "request_seconds",
    "histogram",
    ("model",),
    "Arrival to the end of the answer, by the model that answered",
    _ANSWER_S,
)
TOKENS = MetricSpec(
    "tokens_total",
    "counter",
    ("model", "direction"),
    "Tokens, each counted once: input that was not cached, cached_input, output without reasoning,"
    " reasoning",
)
COST = MetricSpec(
    "cost_usd_total",
    "counter",
    ("policy", "model"),
    "US dollars spent on calls with a known price, also on those that failed after they were paid",
)
BASELINE_COST = MetricSpec(
    "baseline_cost_usd_total",
    "counter",
    ("policy", "baseline"),
    "US dollars that the same tokens would have cost on the baseline, where both have a price",
)
COMPARED_COST = MetricSpec(
    "compared_cost_usd_total",
    "counter",
    ("policy", "baseline"),
    "US dollars spent on the requests that baseline_cost_usd_total counts: savings are the"
    " difference of the two",
)
UNPRICED = MetricSpec(
    "unpriced_requests_total",
    "counter",
    ("policy", "model"),
    "Requests that were paid for, at a price or a usage that is not known: no saving counts them",
)
ENERGY = MetricSpec(
    "energy_joules_total",
    "counter",
    ("model", "bound"),
    "Energy that answers took, where it is known, at the low and the high end of its range"
    " (3,600,000 joules are a kilowatt-hour)",
)
EMISSIONS = MetricSpec(
    "emissions_grams_total",
    "counter",
    ("model", "bound"),
    "Grams of CO2 equivalent of that energy, where its electricity's are known",
)
UPSTREAM_ERRORS = MetricSpec(
    "upstream_errors_total", "counter", ("upstream", "error"), "Calls that an upstream failed"
)
FALLBACKS = MetricSpec(
    "fallbacks_total",
    "counter",
    ("model",),
    "Times another model was tried because this one had failed",
)
RETRIES = MetricSpec(
    "retries_total",
    "counter",
    ("upstream",),
    "Calls made again to the same model after a fault that may pass",
)
UPSTREAM_CIRCUIT = MetricSpec(
    "upstream_circuit_state",
    "gauge",
    ("upstream",),
    "0: asked as usual; 1: open, not asked because it keeps failing; 2: half open, tried by one"
    " request",
)
MODEL_CIRCUIT = MetricSpec(
    "model_circuit_state",
    "gauge",
    ("model",),
    "The same of one model: a server that works can fail at one of its models",
)
SIGNAL_FAILURES = MetricSpec(
    "signal_failures_total",
    "counter",
    ("signal", "error"),
    "Signals that stayed unknown because their extraction failed or stalled",
)
EXPLORED = MetricSpec(
    "explored_total", "counter", (), "Decisions whose first model was drawn for exploration"
)
CONFIDENCE = MetricSpec(
    "decision_confidence_ratio",
    "histogram",
    (),
    "Lowest confidence among the learned signals that a decision read; 1 if it read none",
    _TENTHS,
)
COMPLEXITY = MetricSpec(
    "complexity_ratio",
    "histogram",
    (),
    "Complexity of the requests that the classifier judged",
    _TENTHS,
)
ABSTAINED = MetricSpec(
    "abstained_total",
    "counter",
    (),
    "Requests unlike what the classifier was calibrated on: it guessed from their outer shape",
)
DOMAINS = MetricSpec(
    "domain_requests_total", "counter", ("domain",), "Requests by the domain that was seen in them"
)
TRAINED_DOMAINS = MetricSpec(
    "domain_training_ratio",
    "gauge",
    ("domain",),
    "Share of the prompts held back from training that the default policy's classifier saw each"
    " domain in",
)
POLICY_INFO = MetricSpec(
    "policy_info", "gauge", ("policy", "version"), "1 for each policy in force"
)
POLICY_RELOADS = MetricSpec(
    "policy_reloads_total", "counter", ("result",), "Policy reloads: ok, or refused"
)
POLICY_RELOAD_SUCCESS = MetricSpec(
    "policy_reload_success",
    "gauge",
    (),
    "1 if the policy files as they are now are in force, 0 if the last reload was refused",
    across="min",
)
POLICY_RELOAD_TIMESTAMP = MetricSpec(
    "policy_reload_timestamp_seconds",
    "gauge",
    (),
    "Unix time at which the policies in force were loaded",
)
LOG_WRITE_FAILURES = MetricSpec(
    "log_write_failures_total", "counter", (), "Rows that the decision log failed to keep"
)
FEEDBACK = MetricSpec(
    "feedback_total",
    "counter",
    ("source", "word"),
    "Feedback that was kept, by who gave it and in which word (score: as a number); what a source"
    " says again counts again",
)
FEEDBACK_SCORE = MetricSpec(
    "feedback_score_ratio",
    "summary",
    ("source", "model", "arm"),
    "Scores of the feedback that was kept, from 0 (of no use) to 1, by the model that answered",
)
LOG_WAITING = MetricSpec(
    "log_waiting_rows",
    "gauge",
    (),
    "Rows that are journaled and wait for their transaction in the decision log",
    across="sum",
)
REVIEWS = MetricSpec(
    "reviews_total",
    "counter",
    ("policy", "purpose", "result"),
    "Answers drawn to be judged, and of these to be judged beside the baseline's (purpose shadow),"
    " by what became of it",
)
OWN_COST = MetricSpec(
    "own_cost_usd_total",
    "counter",
    ("policy", "model", "purpose"),
    "US dollars spent on calls that the router made for its own ends, at a known price",
)
UNPRICED_OWN = MetricSpec(
    "unpriced_own_calls_total",
    "counter",
    ("policy", "model", "purpose"),
    "Calls of its own that were paid for, or may have been, at a cost that is not known",
)
BUILD_INFO = MetricSpec("build_info", "gauge", ("version",), "1 for the slm-router that runs")

METRICS = (
    REQUESTS,
    DECISIONS,
    ANSWERS,
    DECISION_SECONDS,
    OVERHEAD_SECONDS,
    FIRST_BYTE_SECONDS,
    REQUEST_SECONDS,
    TOKENS,
    COST,
    BASELINE_COST,
    COMPARED_COST,
    UNPRICED,
    ENERGY,
    EMISSIONS,
    UPSTREAM_ERRORS,
    FALLBACKS,
    RETRIES,
    UPSTREAM_CIRCUIT,
    MODEL_CIRCUIT,
    SIGNAL_FAILURES,
    EXPLORED,
    CONFIDENCE,
    COMPLEXITY,
    ABSTAINED,
    DOMAINS,
    TRAINED_DOMAINS,
    POLICY_INFO,
    POLICY_RELOADS,
    POLICY_RELOAD_SUCCESS,
    POLICY_RELOAD_TIMESTAMP,
    LOG_WRITE_FAILURES,
    LOG_WAITING,
    FEEDBACK,
    FEEDBACK_SCORE,
    REVIEWS,
    OWN_COST,
    UNPRICED_OWN,
    BUILD_INFO,
)
