"""Decisions at the command line, with signals given in place of those found."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from router.cli.deciding import decider, loaded_policies, request_of
from router.core.signals import SignalValue
from router.gateway import Routed
from router.signals.learned import Judgement
from tests.fakes.classifier import FakeClassifier


class Broken:
    def judge(self, texts: Sequence[str], /) -> Sequence[Judgement]:
        raise RuntimeError("no artifact")


async def routed(
    classifier: Broken | FakeClassifier, given: Mapping[str, SignalValue | None]
) -> Routed:
    policies = loaded_policies(Path("home.yaml"))
    gateway = decider(policies, lambda loaded: classifier, given)
    return await gateway.route(request_of({"model": "auto", "messages": SAID}, {}), "dec_1")


SAID = [{"role": "user", "content": "Hi"}]


async def test_one_kind_that_fails_takes_no_other_facts_with_it(home: Path) -> None:
    decided = await routed(Broken(), {"code": True})

    assert decided.failed_signals == {"learned": "RuntimeError"}
    assert decided.signals["turns"] == 1
    assert decided.decision.rule == "code"


async def test_what_is_given_stands_in_for_what_is_found(home: Path) -> None:
    decided = await routed(FakeClassifier(), {"task": "code", "turns": None})

    assert decided.signals["task"] == "code"
    assert "turns" not in decided.signals
    assert decided.signals["messages"] == 1
