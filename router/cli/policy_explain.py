"""slm-router policy explain: how a request would be decided, and why, calling nobody."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from router.api.route import described
from router.cli.deciding import decider, default_path, loaded_policies, request_of
from router.core.outcomes import RuleOutcome, outcomes
from router.core.session import Held
from router.errors import InvalidRequest, StartupError
from router.gateway import Routed
from router.policyfile import LoadedPolicy
from router.settings import Settings
from router.signals import Classifier


def explain(arguments: argparse.Namespace) -> int:
    """Decide one request and show everything; 1 if no model could serve it."""
    from router.classifier import Classifiers

    policies = loaded_policies(arguments.policy or default_path())
    request = request_of(_body(arguments), dict(map(_header, arguments.header)))
    request = replace(request, held=_held(arguments.held))
    loading = Classifiers(Settings().artifact)
    classifiers = {name: loading.of(loaded) for name, loaded in policies.items()}
    for classifier in classifiers.values():
        _warm(classifier)
    gateway = decider(policies, lambda loaded: classifiers[loaded.policy.name])
    routed = asyncio.run(gateway.route(request, "explain", everything=True))
    rules = tuple(outcomes(routed.in_force.policy, routed.signals, routed.decision.rule))
    name = routed.in_force.policy.name
    certified = _certified(policies[name], classifiers[name])
    if arguments.json:
        told = {"rules": [asdict(rule) for rule in rules], **certified}
        print(json.dumps({**described(routed), **told}, indent=2))
    else:
        _show(routed, rules, policies[name])
        _tell(certified, policies[name])
    return 0 if routed.decision.choice else 1


def _show(routed: Routed, rules: tuple[RuleOutcome, ...], loaded: LoadedPolicy) -> None:
    from router.cli.explanation import show

    show(routed, rules, loaded)


def _certified(loaded: LoadedPolicy, classifier: Classifier) -> Mapping[str, Any]:
    """What the policy was calibrated to, and what speaks against it as things stand."""
    from router.classifier import artifact_version, doubts

    certificate = loaded.policy.certificate
    return {
        "certificate": None if certificate is None else certificate.model_dump(),
        "certificate_doubts": doubts(loaded, artifact_version(classifier)),
    }


def _tell(certified: Mapping[str, Any], loaded: LoadedPolicy) -> None:
    if certified["certificate"] is not None:
        print(f"Certified: {loaded.policy.certificate}.")
    for doubt in certified["certificate_doubts"]:
        print(f"Warning: {doubt}.")


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


def _held(text: str | None) -> Held | None:
    if text is None:
        return None
    # From the right: a model's name may hold an equals sign, and mostly a colon.
    model, equals, tokens = text.rpartition("=")
    if not equals:
        return Held(text)
    if not model or not tokens.isdecimal():
        raise InvalidRequest("Expected MODEL or MODEL=TOKENS, such as gpt-4o=20000.", "--held")
    return Held(model, int(tokens))


def _header(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidRequest("Expected NAME=VALUE, such as local-only=true.", text)
    return name.strip(), value.strip()
