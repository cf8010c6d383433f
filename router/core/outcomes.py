"""Outcomes: what became of each rule of a policy for one request, and of each comparison."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from router.core.conditions import holds
from router.core.decide import DEFAULT_RULE
from router.core.policy import Policy, comparisons
from router.core.signals import Signals, SignalValue

Verdict = Literal["decides", "holds, after the deciding one", "does not hold", "not known"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison of a rule with what the request shows; `holds` is None if not known."""

    signal: str
    operator: str
    operand: Any
    value: SignalValue | None
    holds: bool | None


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule, whether it decided, and each of its comparisons."""

    rule: str
    verdict: Verdict
    comparisons: tuple[Compared, ...]


def outcomes(policy: Policy, signals: Signals, decided: str) -> Iterator[RuleOutcome]:
    """Every rule in order, and whether it held for these signals."""
    for rule in policy.rules:
        held = holds(rule.when, signals)
        verdict: Verdict = "not known" if held is None else "does not hold"
        if held:
            verdict = "decides" if rule.name == decided else "holds, after the deciding one"
        compared = tuple(
            Compared(c.signal, c.operator, c.operand, signals.get(c.signal), holds(c, signals))
            for c in comparisons(rule.when)
        )
        yield RuleOutcome(rule.name, verdict, compared)
    yield RuleOutcome(
        DEFAULT_RULE,
        "decides" if decided == DEFAULT_RULE else "holds, after the deciding one",
        (),
    )
