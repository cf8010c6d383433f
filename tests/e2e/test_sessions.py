"""Conversations through real gateway processes on simulated upstreams: who stays, until when."""

import json
import sqlite3
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from router.cli.deciding import loaded_policies, request_of
from router.core.decide import decide
from router.core.session import Held
from router.core.stats import StatsSnapshot
from tests.fakes.process import GatewayProcess, running_gateway

POLICY = """
name: home
upstreams: {sim: {kind: simulated, first_token: 1ms, tokens_per_second: 5000}}
models:
  small:
    {upstream: sim, location: local, quality: 0.7, context_window: 200000, capabilities: [tools],
     price: {input_usd_per_mtok: 2, output_usd_per_mtok: 2}}
  large:
    {upstream: sim, location: cloud, quality: 0.9, context_window: 200000, capabilities: [tools],
     price: {input_usd_per_mtok: 10, output_usd_per_mtok: 10, cached_input_usd_per_mtok: 1}}
rules:
  - name: opening
    when: {signal: messages, at_most: 1}
    candidates: [large]
    strategy: {kind: best_quality}
default: {strategy: {kind: cheapest_good_enough, min_quality: 0.01}}
"""
LOOSE = POLICY.replace("name: home", "name: loose\nsessions: {stick: off}")


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("policies")
    (folder / "home.yaml").write_text(POLICY)
    (folder / "loose.yaml").write_text(LOOSE)
    return folder


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def gateway(policies: Path, state: Path) -> Iterator[GatewayProcess]:
    with running_gateway(state, "--policy", str(policies)) as gateway:
        yield gateway


def said(role: str, text: str | None, **fields: Any) -> dict[str, Any]:
    return {"role": role, "content": text, **fields}


def asked(
    gateway: GatewayProcess, messages: list[dict[str, Any]], policy: str = "home"
) -> Mapping[str, str]:
    """The headers of an answer of five tokens at most."""
    body = {"model": f"auto:{policy}", "messages": messages, "max_tokens": 5}
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}


def called(number: int) -> list[dict[str, Any]]:
    """A tool call of the model's, and its result."""
    function = {"name": "look", "arguments": json.dumps({"page": number})}
    call = {"id": f"call_{number}", "type": "function", "function": function}
    return [
        said("assistant", None, tool_calls=[call]),
        said("tool", f"page {number}", tool_call_id=f"call_{number}"),
    ]


@pytest.mark.parametrize(
    ("policy", "loop"), [("home", ["large"] * 5), ("loose", ["large", *["small"] * 4])]
)
def test_a_tool_loop_of_five_turns_stays_on_its_model(
    gateway: GatewayProcess, policy: str, loop: list[str]
) -> None:
    messages = [said("user", f"Look it up, {policy}.")]
    models = []
    for turn in range(5):
        models.append(asked(gateway, messages, policy)["x-slm-router-model"])
        messages += called(turn)
    assert models == loop

    messages += [said("assistant", "Found it."), said("user", "Thank you.")]
    assert asked(gateway, messages, policy)["x-slm-router-model"] == "small"


def test_another_process_of_the_installation_goes_on_with_the_loop(
    gateway: GatewayProcess, policies: Path, state: Path
) -> None:
    opening = [said("user", "Look it up, both of you.")]
    assert asked(gateway, opening)["x-slm-router-model"] == "large"

    with running_gateway(state, "--policy", str(policies)) as other:
        answer = asked(other, [*opening, *called(0)])

    assert answer["x-slm-router-model"] == "large"
    assert answer["x-slm-router-reason"] == "the request answers tool calls of this model"


def opening_of(name: str, tokens: int) -> dict[str, Any]:
    """A turn that is estimated at so many tokens, of 3.6 characters each, and 4 of its own."""
    return said("user", f"{name}: ".ljust(round((tokens - 4) * 3.6), "x"))


@pytest.mark.parametrize(
    ("added", "model"),
    [
        # The opening's 20,000 tokens are cached by large: a change loses 20,000 x (10 - 1) = 0.18
        # US dollars a million. Small reads a request of N tokens for N x (10 - 2) less, which is
        # more from 22,500 on. (Five tokens of answer for 8 less each do not show.)
        (2_400, "large"),
        (2_600, "small"),
    ],
)
def test_a_cached_conversation_stays_until_the_saving_outweighs_the_loss(
    gateway: GatewayProcess, added: int, model: str
) -> None:
    opening = opening_of(f"add {added}", 20_000)
    assert asked(gateway, [opening])["x-slm-router-model"] == "large"

    messages = [opening, said("assistant", ""), opening_of("more", added - 4)]
    told = asked(gateway, messages)
    assert told["x-slm-router-model"] == model

    row, candidates = row_of(gateway, told["x-slm-router-decision"])
    assert (row["held_model"], row["held_tokens"]) == ("large", 20_000)
    lost = {it["model"]: it["switch_cost_usd"] for it in candidates}
    assert lost == {"large": 0.0, "small": pytest.approx(0.18)}


def test_a_provider_that_found_nothing_in_its_cache_is_charged_for_no_more(
    gateway: GatewayProcess,
) -> None:
    messages = [opening_of("uncached", 20_000)]
    models = []
    for _ in range(3):
        models.append(asked(gateway, messages)["x-slm-router-model"])
        messages += [said("assistant", "Yes."), said("user", "Go on.")]

    # Simulated upstreams tell their usage, and that nothing of it was cached.
    assert models == ["large", "large", "small"]


def test_a_logged_decision_replays_from_its_row(gateway: GatewayProcess, policies: Path) -> None:
    messages = [opening_of("replay", 20_000), said("assistant", "Yes."), said("user", "Go on.")]
    asked(gateway, messages[:1])
    told = asked(gateway, messages)
    row, candidates = row_of(gateway, told["x-slm-router-decision"])

    loaded = loaded_policies(policies)["home"]
    body = {"model": "auto:home", "messages": messages, "max_tokens": 5}
    held = Held(row["held_model"], row["held_tokens"], row["held_idle_s"])
    request = replace(request_of(body, {}), held=held)
    again = decide(
        request,
        json.loads(row["signals"]),
        loaded.policy,
        loaded.catalog,
        StatsSnapshot(0.0, {}),
        row["draw"],
    )

    assert list(again.models) == [it["model"] for it in candidates]
    assert (again.rule, again.strategy, again.reason) == (
        row["rule"],
        row["strategy"],
        row["reason"],
    )
    assert dict(again.propensities) == json.loads(row["propensities"])
    assert [it.switch_cost_usd for it in again.candidates] == [
        it["switch_cost_usd"] for it in candidates
    ]


def row_of(gateway: GatewayProcess, decision: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The row of a decision in the log, once it is there, and its candidates."""
    log = sqlite3.connect(f"file:{gateway.state / 'decisions.sqlite3'}?mode=ro", uri=True)
    log.row_factory = sqlite3.Row
    try:
        for _ in range(200):
            found = log.execute("SELECT * FROM decisions WHERE id = ?", (decision,)).fetchone()
            if found is not None:
                return dict(found), json.loads(found["candidates"])
            time.sleep(0.05)
        raise AssertionError(f"decision {decision} is not in the log")
    finally:
        log.close()
