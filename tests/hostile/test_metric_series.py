"""Nothing that a caller sends makes a series: labels come from configuration alone."""

from pathlib import Path
from typing import Any

import httpx2

from tests.hostile.gateways import caller, whole_gateway

CHAT = "/v1/chat/completions"
SIMULATED = {"kind": "simulated", "first_token": "1ms", "tokens_per_second": 1e9}
CANARY = "canary-7f3a"
MOST_NEW = 40


async def series(client: httpx2.AsyncClient) -> set[str]:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    return {line.rpartition(" ")[0] for line in answer.text.splitlines() if line[:1] != "#"}


def hostile(number: int) -> tuple[str, str, dict[str, Any], dict[str, str]]:
    """One of 400 requests, each with a name of its own wherever a name may stand."""
    name = f"{CANARY}-{number}"
    body: dict[str, Any] = {
        "model": ("sim", "auto", name, f"auto:{name}")[number % 4],
        "messages": [{"role": (name, "user")[number % 2], "content": name}],
        "user": name,
        "metadata": {name: name},
        "max_tokens": 3,
        name: name,
    }
    headers = {
        "user-agent": name,
        "x-slm-router-session": name,
        "x-request-id": name,
        "origin": f"http://{name}.localhost",
        "authorization": f"Bearer {name}",
        f"x-{name}": name,
    }
    path = (CHAT, CHAT, CHAT, "/v1/route", f"/v1/{name}", f"/v1/models/{name}")[number % 6]
    return (
        ("POST", "GET", name.upper())[number % 17 % 3 if path != CHAT else 0],
        path,
        body,
        headers,
    )


async def test_four_hundred_hostile_requests_make_few_series(tmp_path: Path) -> None:
    async with whole_gateway(tmp_path, {"sim": SIMULATED}) as app, caller(app) as client:
        before = await series(client)
        statuses = set()
        for number in range(400):
            method, path, body, headers = hostile(number)
            answer = await client.request(method, path, json=body, headers=headers)
            statuses.add(answer.status_code)
        after = await series(client)

    assert {200, 404, 405} <= statuses
    assert len(after - before) <= MOST_NEW
    assert not any(CANARY in name.lower() for name in after)
