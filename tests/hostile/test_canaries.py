"""No secret and no prompt is ever told: a scan of all that a gateway wrote, at INFO and at DEBUG.

A process of its own serves every kind of traffic, errors included, in which each text that must
not be told holds a canary. Then its logs, its metrics and its answers are searched for them.
"""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from router.core.access import APIKey
from router.keyring import digest_of, new_secret
from router.stores.sqlite_keys import SQLiteKeyStore
from tests.fakes.anthropic_server import FakeAnthropicServer
from tests.fakes.openai_server import FakeOpenAIServer, Fault
from tests.fakes.process import GatewayProcess, running_gateway
from tests.hostile.gateways import policy

CHAT = "/v1/chat/completions"
PROMPT = "canary-prompt-1f2e"
TOOL = "canary-tool-3d4c"
PERSON = "canary.person@example.com"
SESSION = "canary-session-5b6a"
ANSWER = "canary-answer-9e8d"
HEADER = "canary-header-7f00"
TAG = "canary-tag-6d2c"
UPSTREAM_KEY = "sk-canary-upstream-key-0123456789abcdef"
FOREIGN_KEY = "sk-ant-canary-key-0123456789abcdef"
WRONG_KEY = "slm-canarywrong" + "k" * 32
SECRETS = (PROMPT, TOOL, PERSON, SESSION, ANSWER, HEADER, UPSTREAM_KEY, FOREIGN_KEY, WRONG_KEY)

FAULTS = [
    Fault(),
    Fault("html"),
    Fault("truncated_json"),
    Fault("cut_body"),
    Fault("cut_stream"),
    Fault("garbage"),
    Fault("reset"),
    Fault("redirect"),
    *(
        Fault(
            "status",
            status=status,
            body=json.dumps({"error": {"message": f"{ANSWER} {UPSTREAM_KEY} {PROMPT}"}}).encode(),
        )
        for status in (400, 401, 404, 429, 500)
    ),
    Fault("error_event", body=json.dumps({"error": {"message": ANSWER}}).encode()),
]


def asked(model: str, stream: bool) -> dict[str, Any]:
    return {
        "model": model,
        "stream": stream,
        "user": PERSON,
        "metadata": {"note": PROMPT},
        "messages": [
            {"role": "system", "content": f"You are {PROMPT}."},
            {"role": "user", "content": f"{PROMPT} {PERSON}, call +1 202 555 0147"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": TOOL}}],
    }


def broken_bodies() -> Iterator[bytes]:
    """Bodies that cannot be read, of which an error text could quote a piece."""
    yield f'{{"model": "{PROMPT}", "messages": '.encode()
    yield json.dumps({"model": "near", "messages": PROMPT}).encode()
    yield json.dumps(
        {"model": "near", "messages": [{"role": "user", "content": {PROMPT: 1}}]}
    ).encode()
    yield json.dumps({"model": "near", "messages": [{"role": [PROMPT], "content": "x"}]}).encode()
    yield json.dumps({"model": "near", "n": PROMPT, "messages": [{"role": "user"}]}).encode()
    yield b"\xff" + PROMPT.encode()
    yield b'{"x":' * 100 + PROMPT.encode()


class Traffic:
    """Sends a mix of requests and keeps what was answered in case of an error."""

    def __init__(self, gateway: GatewayProcess, key: str) -> None:
        self.errors: list[str] = []
        self.statuses: set[int] = set()
        self._url = gateway.url
        self._headers = {"x-api-key": key, "x-slm-router-session": SESSION, "x-note": HEADER}

    async def send(self, session: aiohttp.ClientSession, path: str, **named: Any) -> None:
        headers = {**self._headers, "content-type": "application/json", **named.pop("headers", {})}
        method = named.pop("method", "POST")
        async with session.request(method, self._url + path, headers=headers, **named) as answer:
            text = await answer.text(errors="replace")
            self.statuses.add(answer.status)
            if answer.status >= 400 or '"error"' in text:
                self.errors.append(f"{dict(answer.headers)} {text}")

    async def mix(self, near: FakeOpenAIServer, foreign: FakeAnthropicServer | None) -> None:
        async with aiohttp.ClientSession() as session:
            # First, for a model that has failed often is not asked for a while.
            await self._leave(session, near)
            for fault in FAULTS:
                for stream in (False, True):
                    near.fault = fault
                    await self.send(session, CHAT, json=asked("near", stream))
            for status in (200, 400, 401, 529) if foreign else ():
                assert foreign is not None
                foreign.status, foreign.error_message = status, f"{ANSWER} {FOREIGN_KEY}"
                await self.send(session, CHAT, json=asked("foreign", False))
            for body in broken_bodies():
                await self.send(session, CHAT, data=body)
            await self.send(session, "/v1/route", json=asked("auto", False))
            await self.send(session, f"/v1/{HEADER}", method="GET")
            await self.send(session, CHAT, json={}, headers={"x-slm-router-min-quality": HEADER})
            for tags in (TAG, f"{TAG} {HEADER}"):
                named = {"x-slm-router-tags": tags}
                await self.send(session, CHAT, json=asked("near", False), headers=named)
            wrong = {"x-api-key": WRONG_KEY}
            await self.send(session, CHAT, json=asked("near", False), headers=wrong)

    async def _leave(self, session: aiohttp.ClientSession, near: FakeOpenAIServer) -> None:
        near.fault = Fault("hang")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await self.send(session, CHAT, json=asked("near", False))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", int(self._url.rpartition(":")[2])
        )
        writer.write(f"NONSENSE {PROMPT} {HEADER}\r\n\r\n".encode())
        await reader.read()
        writer.close()


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
async def test_nothing_secret_is_told_anywhere(tmp_path: Path, level: str) -> None:
    state = tmp_path / "state"
    key = new_secret()
    SQLiteKeyStore(state / "keys.sqlite3").add(
        APIKey("canary-caller", digest_of(key.encode()), frozenset({"admin"}), 1.0)
    )
    environment = {"SLM_ROUTER_LOG_LEVEL": level, "NEAR": UPSTREAM_KEY, "FOREIGN": FOREIGN_KEY}
    async with FakeOpenAIServer() as near, FakeAnthropicServer() as foreign:
        file = policy(tmp_path, _upstreams(near, foreign))
        arguments = ["--policy", str(file), "--require-keys"]
        starting = asyncio.to_thread(_started, state, arguments, environment)
        running, gateway = await starting
        try:
            traffic = Traffic(gateway, key)
            # Loading litellm takes seconds, and at INFO it says no more than at DEBUG.
            await traffic.mix(near, foreign if level == "DEBUG" else None)
            async with aiohttp.ClientSession() as session:
                headers = {"x-api-key": key}
                async with session.get(f"{gateway.url}/metrics", headers=headers) as answer:
                    metrics = await answer.text()
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)

    assert {200, 400, 401, 404, 502} <= traffic.statuses
    assert "canary-caller" not in metrics
    _assert_silent({"log": gateway.output, "metrics": metrics}, (*SECRETS, TAG, key))
    # The caller's own words may come back to it, a secret of ours or of another's may not.
    _assert_silent({"errors": "\n".join(traffic.errors)}, (UPSTREAM_KEY, FOREIGN_KEY, key))
    _assert_silent({"errors": "\n".join(traffic.errors)}, (near.base_url, WRONG_KEY))
    assert "outcome=" in gateway.output, "the log is empty: the scan proves nothing"
    _assert_rows_are_silent(state, (*SECRETS, key))


def _upstreams(near: FakeOpenAIServer, foreign: FakeAnthropicServer) -> dict[str, Any]:
    return {
        "near": {"kind": "openai_http", "base_url": near.base_url, "api_key_env": "NEAR"},
        "foreign": {
            "kind": "litellm",
            "provider": "anthropic",
            "base_url": foreign.base_url,
            "api_key_env": "FOREIGN",
        },
    }


def _started(state: Path, arguments: list[str], environment: dict[str, str]) -> Any:
    running = running_gateway(state, *arguments, environment=environment)
    return running, running.__enter__()


def _assert_silent(told: dict[str, str], secrets: tuple[str, ...]) -> None:
    assert [
        (where, secret) for where, text in told.items() for secret in secrets if secret in text
    ] == []


def _assert_rows_are_silent(state: Path, secrets: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(state / "decisions.sqlite3")) as connection:
        rows = connection.execute("SELECT * FROM decisions").fetchall()
    assert len(rows) > 20
    assert "canary-caller" in str(rows) and TAG in str(rows)
    _assert_silent({"rows": str(rows)}, secrets)
