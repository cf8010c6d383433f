"""slm-router policy explain: how a request would be decided, and why, calling nobody."""

import argparse
import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from router.api.route import described
from router.cli.deciding import decider, default_path, loaded_policies, request_of
from router.core.conditions import holds
from router.core.decide import DEFAULT_RULE
from router.core.policy import Policy, comparisons
from router.core.signals import Signals, SignalValue
from router.errors import InvalidRequest, StartupError
from router.gateway import Routed
from router.policyfile import LoadedPolicy
from router.settings import Settings
from router.signals import Classifier

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


def explain(arguments: argparse.Namespace) -> int:
    """Decide one request and show everything; 1 if no model could serve it."""
    from router.app import load_classifier

    policies = loaded_policies(arguments.policy or default_path())
    request = request_of(_body(arguments), dict(map(_header, arguments.header)))
    classifier = load_classifier(Settings().artifact)
    _warm(classifier)
    gateway = decider(policies, classifier)
    routed = asyncio.run(gateway.route(request, "explain", everything=True))
    rules = tuple(outcomes(routed.in_force.policy, routed.signals, routed.decision.rule))
    if arguments.json:
        said = {**described(routed), "rules": [asdict(rule) for rule in rules]}
        print(json.dumps(said, indent=2))
    else:
        _show(routed, rules, policies[routed.in_force.policy.name])
    return 0 if routed.decision.choice else 1


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


def _show(routed: Routed, rules: tuple[RuleOutcome, ...], loaded: LoadedPolicy) -> None:
    from router.cli.explanation import show

    show(routed, rules, loaded)


def _warm(classifier: Classifier) -> None:
    # The first judgement is slow (caches, pages of the artifact): without this it would miss the
    # time limit that a running gateway keeps with ease.
    try:
        classifier.judge([""])
    except Exception:  # noqa: BLE001
        # An adapter's edge: a classifier that fails is shown as a failed signal.
        return


def _body(arguments: argparse.Namespace) -> Mapping[str, Any]:
    """The request's body from a prompt or from a file."""
    if (arguments.prompt is None) == (arguments.messages is None):
        raise InvalidRequest('Expected a prompt or --messages FILE.json: explain "your prompt"')
    body: dict[str, Any] = {"messages": [{"role": "user", "content": arguments.prompt}]}
    if arguments.messages is not None:
        given = _json(arguments.messages)
        body = given if isinstance(given, dict) else {"messages": given}
    return {**body, "model": arguments.model or body.get("model", "auto")}


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StartupError(
            f"{file} cannot be read as JSON ({error}). Expected a list of messages, or a request."
        ) from error


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidRequest("Expected NAME=VALUE, such as local-only=true.", text)
    return name.strip(), value.strip()
