"""What a span tells of a request, of its decision and of each of its calls.

Rule: facts are names, counts, times and prices. What people wrote is none.
"""

from router.core.event import Attempt, RoutingEvent
from router.telemetry import genai
from router.telemetry.genai import Profile

Facts = dict[str, str | bool | int | float | list[str]]
"""Attributes of a span by their names in `genai.py`."""


def request_facts(event: RoutingEvent, profile: Profile) -> Facts:
    """Of the whole request, as its caller saw it."""
    facts: Facts = {
        genai.OPERATION: genai.operation(event.endpoint),
        genai.REQUEST_MODEL: event.requested_model,
        genai.STATUS: event.status,
        genai.DECISION: event.id,
        genai.OUTCOME: event.outcome,
        genai.OVERHEAD: event.timings.overhead_s,
        genai.SIMULATED: event.simulated,
    }
    if event.session is not None:
        facts[genai.CONVERSATION] = event.session
    if event.was_paid and event.spend_usd is not None:
        facts[genai.COST] = event.spend_usd
    if event.baseline is not None and event.baseline_usd is not None:
        facts[genai.BASELINE] = event.baseline
        facts[genai.BASELINE_COST] = event.baseline_usd
    if event.outcome != "ok":
        facts[genai.ERROR] = event.outcome
    return facts | _answer(event, profile)


def decision_facts(event: RoutingEvent) -> Facts:
    """Of what was decided, and why."""
    decision = event.decision
    facts: Facts = {
        genai.POLICY: decision.policy,
        genai.POLICY_VERSION: event.policy_version,
        genai.RULE: decision.rule,
        genai.STRATEGY: decision.strategy,
        genai.REASON: decision.reason,
        genai.CONFIDENCE: decision.confidence,
        genai.EXPLORED: decision.explored,
        genai.CHOICE: decision.choice.model if decision.choice else "",
    }
    if event.failed_signals:
        facts[genai.FAILED_SIGNALS] = sorted(event.failed_signals)
    return facts


def attempt_facts(event: RoutingEvent, attempt: Attempt, profile: Profile) -> Facts:
    """Of one call to one upstream; the one that answered has the answer's tokens."""
    facts: Facts = {
        genai.OPERATION: genai.operation(event.endpoint),
        genai.REQUEST_MODEL: attempt.model,
        genai.UPSTREAM: attempt.upstream,
    }
    if profile.stream and event.stream:
        facts[profile.stream] = True
    if attempt.status is not None:
        facts[genai.STATUS] = attempt.status
    answered = attempt is event.attempts[-1] and attempt.error is None
    error = attempt.error or ("broken" if answered and event.outcome == "broken" else None)
    if error is not None:
        facts[genai.ERROR] = error
    if not answered:
        return facts
    if profile.first_chunk and event.stream:
        facts[profile.first_chunk] = attempt.seconds
    return facts | _answer(event, profile)


def _answer(event: RoutingEvent, profile: Profile) -> Facts:
    """Who answered and with how many tokens."""
    facts: Facts = {}
    if event.model is not None:
        facts[genai.RESPONSE_MODEL] = event.model
    usage = event.usage
    if usage is not None:
        facts[genai.INPUT_TOKENS] = usage.input_tokens
        facts[genai.OUTPUT_TOKENS] = usage.output_tokens
        if profile.cached_input and usage.cached_input_tokens:
            facts[profile.cached_input] = usage.cached_input_tokens
        if profile.reasoning_output and usage.reasoning_tokens:
            facts[profile.reasoning_output] = usage.reasoning_tokens
    return facts
