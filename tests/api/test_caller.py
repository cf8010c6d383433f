"""The caller's end: what happens to the upstream when the caller leaves."""

import asyncio
import json
from typing import Any, cast

import pytest

from router.app import create_app
from tests.api.conftest import runtime_of
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.upstream import FakeReply, FakeUpstream, event

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}
PATH = "/v1/chat/completions"


class Wire:
    """One ASGI connection by hand, so that the caller can leave in the middle."""

    def __init__(self, body: Any) -> None:
        self.incoming: list[Any] = [{"type": "http.request", "body": json.dumps(body).encode()}]
        self.gone = asyncio.Event()
        self.sent: list[Any] = []
        self.arrived = asyncio.Event()

    async def receive(self) -> Any:
        if self.incoming:
            return self.incoming.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        self.arrived.set()


SCOPE = {
    "type": "http",
    "method": "POST",
    "path": PATH,
    "raw_path": PATH.encode(),
    "query_string": b"",
    "headers": [(b"content-type", b"application/json")],
    "http_version": "1.1",
    "scheme": "http",
    "server": ("127.0.0.1", 7070),
    "client": ("127.0.0.1", 50000),
    "root_path": "",
}


class Endless(FakeReply):
    """A stream that goes on until somebody lets go of it."""

    def __init__(self) -> None:
        super().__init__([], headers={"content-type": "text/event-stream"})
        self.hanging = asyncio.Event()

    async def chunks(self) -> Any:
        yield event("Hel")
        await self.hanging.wait()


@pytest.mark.parametrize("stream", [True, False])
async def test_a_caller_who_leaves_lets_the_upstream_go(stream: bool) -> None:
    reply = Endless()
    if not stream:
        reply.headers = {"content-type": "application/json"}
    gateway = fake_gateway({"near": FakeUpstream(reply)})
    wire = Wire({**HELLO, "stream": stream})
    app = create_app(runtime_of(gateway))
    serving = asyncio.create_task(app(dict(SCOPE), wire.receive, wire.send))
    for _ in range(50):
        await asyncio.sleep(0)

    wire.gone.set()
    await serving
    for _ in range(10):
        await asyncio.sleep(0)

    assert reply.closed
    (row,) = cast(MemoryLog, gateway.log).events
    assert (row.outcome, row.status) == ("cancelled", 499)


async def test_a_caller_who_leaves_before_its_request_is_whole_is_no_crash_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wire = Wire(HELLO)
    wire.incoming = [{"type": "http.request", "body": b'{"mod', "more_body": True}]
    wire.gone.set()

    await create_app(runtime_of(fake_gateway({})))(dict(SCOPE), wire.receive, wire.send)

    assert wire.sent[0]["status"] == 499
    assert caplog.records == []


async def test_a_stream_that_our_shutdown_cuts_off_ends_in_an_error_event() -> None:
    gateway = fake_gateway({"near": FakeUpstream(Endless())})
    wire = Wire({**HELLO, "stream": True})
    app = create_app(runtime_of(gateway))
    serving = asyncio.create_task(app(dict(SCOPE), wire.receive, wire.send))
    for _ in range(50):
        await asyncio.sleep(0)

    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    for _ in range(10):
        await asyncio.sleep(0)

    assert b"upstream_broken" in wire.sent[-1]["body"]
    (row,) = cast(MemoryLog, gateway.log).events
    assert row.outcome == "broken"
