"""Seeded hostile requests: none is answered with a 5xx, every refusal is an error object.

`python -m tests.hostile.fuzz` sends ten thousand of them.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from router.api import ROUTES
from router.connection import Bounds
from tests.fakes.served import Served, served
from tests.hostile.fuzz import UPSTREAMS, Outcome, answer, fuzz, is_right
from tests.hostile.gateways import whole_gateway
from tests.hostile.requests import Hostile, hostile

COUNT = 800
WIRES = 400
AT_ONCE = 50


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[ASGIApp]:
    async with whole_gateway(tmp_path, UPSTREAMS, log_level="ERROR") as made:
        yield made


async def test_hostile_requests_are_the_callers_mistakes_and_never_ours(app: ASGIApp) -> None:
    outcome: Outcome = await fuzz(app, COUNT, seed=20261125)

    assert outcome.wrong == []
    assert outcome.statuses.total() == COUNT
    assert {200, 400, 404, 405} <= set(outcome.statuses), "the requests have grown tame"


def test_the_same_seed_draws_the_same_requests_and_all_posts() -> None:
    first, again = (list(islice(hostile(3), 500)) for _ in range(2))

    assert first == again
    posts = {path for method, path, *_ in ROUTES if method == "POST"}
    assert posts <= {sent.path for sent in first}


async def test_what_would_be_wrong_is_seen_as_wrong(app: ASGIApp) -> None:
    sent = Hostile("POST", "/v1/route", b"{}")

    status, body = await answer(app, sent)

    assert is_right(sent, status, body)
    assert not is_right(sent, 500, body)
    assert not is_right(sent, status, b"Bad Request")
    assert not is_right(sent, 0, b"")


def on_the_wire(chance: random.Random, sent: Hostile) -> bytes:
    """A request as bytes, some of them spoiled."""
    path = sent.path.encode("utf-8", "replace").replace(b" ", b"%20")
    lines = b"".join(b"%s: %s\r\n" % header for header in sent.headers)
    length = chance.choice((len(sent.body), len(sent.body) + 3, len(sent.body) // 2, -1))
    made = bytearray(
        b"%s %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n%s\r\n%s"
        % (sent.method.encode(), path, length, lines, sent.body)
    )
    for _ in range(chance.choice((0, 0, 1, 3, 20))):
        made[chance.randrange(min(len(made), 200))] = chance.randrange(256)
    return bytes(made)


async def status_of(server: Served, sent: bytes) -> int:
    """What is answered first; 0 where the connection is closed without a word."""
    peer = await server.peer(sent)
    try:
        line = await asyncio.wait_for(peer.reader.readline(), 60)
    except ConnectionError:
        return 0
    finally:
        peer.leave()
    return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0


async def test_hostile_bytes_on_the_wire_lead_to_no_5xx(app: ASGIApp) -> None:
    chance = random.Random(20261125)
    async with served(app, Bounds(patience_s=0.2, linger_s=0.2)) as server:
        wires = [on_the_wire(chance, sent) for sent in islice(hostile(5), WIRES)]
        # Side by side, for what stops in the middle is waited for.
        told = [
            status
            for at in range(0, WIRES, AT_ONCE)
            for status in await asyncio.gather(
                *(status_of(server, sent) for sent in wires[at : at + AT_ONCE])
            )
        ]

    assert [status for status in told if status >= 500] == []
    assert {200, 400, 408} <= set(told)
