"""The sum of the records is the invoice: usage that providers really sent, through the gateway.

The whole of it runs in this process: HTTP in front, a policy file, its upstreams over sockets, the
journal and the decision log; and the ledger is asked afterwards, as a page would.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from router.app import create_app, running
from router.connection import Bounds
from router.core.ledger import NANO, Window, nano
from router.settings import Settings
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_reader import DecisionReader
from tests.e2e.captured_elsewhere import COMPATIBLE, THROUGH_LITELLM
from tests.e2e.captured_usage import ANTHROPIC, OPENAI, Captured, Form
from tests.e2e.provider_wire import TOKENS, scripted
from tests.fakes.scripted_upstream import Ending, ScriptedUpstream
from tests.fakes.served import served

# pydantic warns of litellm's own types while they are built on first use.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning")

DIRECT = OPENAI | ANTHROPIC | COMPATIBLE
NAMES: Mapping[str, Captured] = {
    f"m{at:02}": it for at, it in enumerate((*DIRECT.values(), *THROUGH_LITELLM.values()))
}
PATHS = {"responses": "/v1/responses", "messages": "/v1/messages"}

PROMPT = "x" * 360
"""100 tokens as we estimate them, and 4 for the message that they stand in."""

ESTIMATED = 104
ALL_TIME = Window(0.0, 4e9)


@dataclass
class Run:
    """A gateway at work, and what its log held once it had ended: rows in order of their time."""

    port: int
    session: aiohttp.ClientSession
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    spent: int = 0
    unpriced: int = 0

    async def ask(self, name: str, stream: bool, to_the_end: bool = True) -> None:
        """Ask, and read the answer; or go once the last token of an unfinished one has come."""
        path = PATHS.get(NAMES[name].form, "/v1/chat/completions")
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.post(url, json=body_of(name, stream)) as answer:
            assert answer.status == 200, await answer.text()
            seen = b""
            while not answer.content.at_eof() and (to_the_end or b'"c"' not in seen):
                seen += await answer.content.readany()
            answer.close()


def body_of(name: str, stream: bool) -> dict[str, Any]:
    """A request of the form in which it was captured."""
    given = {"role": "user", "content": PROMPT}
    form = NAMES[name].form
    body: dict[str, Any] = {"model": name, "stream": stream}
    if form == "responses":
        return body | {"input": PROMPT}
    return body | {"messages": [given]} | ({"max_tokens": 99} if form == "messages" else {})


def policy_of(port: int) -> dict[str, Any]:
    """Every captured answer as a model of its own, with the prices it was charged by."""
    server = f"http://127.0.0.1:{port}"
    spoken = {
        form: {"kind": "openai_http", "base_url": f"{server}/v1", "speaks": [form]}
        for form in ("chat", "responses", "messages")
    }
    others = {
        "cohere": {"kind": "litellm", "provider": "cohere", "base_url": f"{server}/v2/chat"},
        "bedrock": {"kind": "litellm", "provider": "bedrock", "base_url": server},
    }
    models = {
        name: {
            "upstream": it.form,
            "upstream_model": f"converse/{name}" if it.form == "bedrock" else name,
            "location": "cloud",
            "quality": 0.5,
            "context_window": 1_000_000,
            "price": {f"{kind}_usd_per_mtok": usd for kind, usd in it.price.items()},
        }
        for name, it in NAMES.items()
    }
    return {
        "name": "invoices",
        "upstreams": spoken | others,
        "models": models,
        "default": {"strategy": {"kind": "fastest"}},
    }


@asynccontextmanager
async def gateway(folder: Path, ending: Ending = "whole") -> AsyncIterator[Run]:
    """A gateway over a provider that answers with exactly what was captured; `ending` is what
    becomes of its streams."""
    # litellm loads on its first use what holds up a busy machine for longer than the gateway keeps
    # an idle connection, which would be closed under the next request.
    afresh = aiohttp.TCPConnector(force_close=True)
    async with ScriptedUpstream(lambda seen: scripted(seen, NAMES, ending)) as provider:
        policy = folder / "policy.yaml"
        policy.write_text(json.dumps(policy_of(provider.port)))  # YAML reads JSON
        settings = Settings(policy=policy, state_dir=folder / "state")
        async with (
            running(settings) as (runtime, _),
            served(create_app(runtime), Bounds()) as server,
            aiohttp.ClientSession(connector=afresh) as session,
        ):
            run = Run(server.port, session)
            yield run
    run.rows = list(DecisionReader(settings.decision_log).oldest_first())
    totals = (await SQLiteLedger(settings.decision_log).totals(ALL_TIME))[None]
    run.spent, run.unpriced = totals.spend_nano, totals.unpriced


def lines_of(rows: list[Mapping[str, Any]]) -> list[tuple[str, int | None]]:
    """What each request cost in nano-dollars."""
    return [(it["model"], None if it["cost_usd"] is None else nano(it["cost_usd"])) for it in rows]


def line(it: Captured) -> int | None:
    return None if it.line is None else int(it.dollars * NANO)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_the_sum_of_the_records_is_the_invoice_of_every_provider(
    tmp_path: Path, stream: bool
) -> None:
    asked = [name for name, it in NAMES.items() if it.form in ("chat", "responses", "messages")]
    async with gateway(tmp_path) as run:
        for name in asked:
            await run.ask(name, stream)

    assert lines_of(run.rows) == [(name, line(NAMES[name])) for name in asked]
    assert not any(it["usage_estimated"] for it in run.rows)
    # No list has a price for a search or for another model's advice: told, and never zero.
    assert run.unpriced == 2
    assert run.spent == sum((NAMES[name].dollars for name in asked), Decimal()) * NANO


async def test_so_it_is_of_providers_behind_litellm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION", "REGION_NAME"):
        monkeypatch.setenv(f"AWS_{name}", "us-east-1")
    monkeypatch.setenv("COHERE_API_KEY", "key")
    asked = [name for name, it in NAMES.items() if it.form in ("cohere", "bedrock")]
    async with gateway(tmp_path) as run:
        for name in asked:
            await run.ask(name, stream=False)

    assert lines_of(run.rows) == [(name, line(NAMES[name])) for name in asked]
    assert run.spent == sum((NAMES[name].dollars for name in asked), Decimal()) * NANO


BROKEN_OFF: Mapping[str, Decimal] = {
    # Nothing was told: our estimate of the input, and the three pieces that came.
    "OpenAI gpt-4o": Decimal("0.000290"),  # 104 * 2.5 + 3 * 10
    "OpenAI gpt-5.6-sol, responses": Decimal("0.000160"),  # 104 * 1.25 + 3 * 10
    "xAI grok-3-mini, streamed": Decimal("0.0000327"),  # 104 * 0.3 + 3 * 0.5
    # The input was told at the start, with what was cached; one token of output, and three came.
    "Anthropic claude-sonnet-4-5, cache written for minutes and read": Decimal("0.00189855"),
    # 3 * 3 + 403 * 3.75 + 1111 * 0.3 + 3 * 15 = 9 + 1511.25 + 333.3 + 45
    "Anthropic claude-sonnet-4-6, cache written for an hour": Decimal("0.023562"),
    # 13 * 3 + 3913 * 6 + 3 * 15 = 39 + 23478 + 45
    # Seven tokens had been told by then.
    "Anthropic claude-sonnet-4-6, conversation shortened": Decimal("0.0169338"),
    # 100 * 3 + 55096 * 0.3 + 7 * 15 = 300 + 16528.8 + 105
}
BY_NAME = {
    told: name for name, it in NAMES.items() for told, other in DIRECT.items() if it is other
}


@pytest.mark.parametrize("left", [True, False], ids=["by its caller", "by its upstream"])
async def test_an_aborted_stream_costs_what_was_told_and_received_of_it(
    tmp_path: Path, left: bool
) -> None:
    asked = [BY_NAME[told] for told in BROKEN_OFF]
    async with gateway(tmp_path, "stall" if left else "cut") as run:
        for name in asked:
            await run.ask(name, stream=True, to_the_end=not left)

    expected = [int(usd * NANO) for usd in BROKEN_OFF.values()]
    assert sorted(lines_of(run.rows)) == sorted(zip(asked, expected, strict=True))
    assert {it["outcome"] for it in run.rows} == {"cancelled" if left else "broken"}
    assert run.spent == sum(expected)
    told = [it for it in run.rows if it["model"] == BY_NAME["OpenAI gpt-4o"]]
    assert [(it["input_tokens"], it["output_tokens"]) for it in told] == [(ESTIMATED, TOKENS)]


def test_a_provider_that_tells_its_own_charge_agrees_with_the_price_list() -> None:
    charged = [it for it in DIRECT.values() if it.charged]
    for it in charged:
        told = it.usage.get("cost")
        ticks = Decimal(it.usage.get("cost_in_usd_ticks", 0)).scaleb(-10)
        assert (ticks if told is None else Decimal(str(told))) == it.dollars, it.source
    assert len(charged) == 6


def test_the_captured_come_from_at_least_ten_providers_and_name_their_source() -> None:
    told = {told.split()[0].rstrip(",") for told in DIRECT | THROUGH_LITELLM}
    assert len(told) >= 10
    assert all(" @ " in it.source for it in NAMES.values())


def test_every_form_was_captured() -> None:
    forms: set[Form] = {it.form for it in NAMES.values()}
    assert forms == {"chat", "responses", "messages", "cohere", "bedrock"}
