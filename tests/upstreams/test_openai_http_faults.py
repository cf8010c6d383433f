"""openai_http under faults: each has its own name, tells no secret, and leaves nothing open."""

import asyncio

import pytest
from pydantic import SecretStr

from router.errors import UpstreamBroken, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from router.upstreams import openai_http
from router.upstreams.connections import Connections
from router.upstreams.openai_http import OpenAIHTTP
from tests.fakes.openai_server import FakeOpenAIServer, Fault, FaultKind
from tests.fakes.ports import unused_port
from tests.fakes.scripted_upstream import JSON, SSE, Script, ScriptedUpstream
from tests.upstreams.calls import KEY, SHORT, body_of, call, http_spec


async def test_closing_midway_makes_the_server_see_the_caller_leave(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    server.fault = Fault("stall_stream")
    reply = await upstream.open(call(stream=True))
    await anext(aiter(reply.chunks()))
    await reply.close()
    async with asyncio.timeout(20):
        await server.departure.wait()


async def test_a_cancelled_wait_makes_the_server_see_the_caller_leave(
    server: FakeOpenAIServer,
) -> None:
    server.fault = Fault("hang")
    upstream = OpenAIHTTP(http_spec(server.base_url), None, Connections())
    waiting = asyncio.create_task(upstream.open(call()))
    async with asyncio.timeout(20):
        await server.arrival.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await server.departure.wait()
    await upstream.close()


async def test_a_stale_pooled_connection_is_replaced_unnoticed(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    await body_of(await upstream.open(call()))
    server.next_faults.append(Fault("reset"))
    reply = await upstream.open(call())
    await body_of(reply)
    assert reply.status == 200
    assert [seen.connection for seen in server.received] == [0, 0, 1]


async def test_a_fresh_connection_that_dies_is_not_tried_twice(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    server.fault = Fault("reset")
    with pytest.raises(UpstreamUnreachable):
        await upstream.open(call())
    assert len(server.received) == 1


async def test_a_restarted_server_is_reached_again(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    await body_of(await upstream.open(call()))
    port = server.port
    await server.stop()
    with pytest.raises(UpstreamUnreachable):
        await upstream.open(call())
    await server.start(port)
    reply = await upstream.open(call())
    await body_of(reply)
    assert reply.status == 200


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("hang", UpstreamTimeout),
        ("reset", UpstreamUnreachable),
        ("close", UpstreamUnreachable),
        ("garbage", UpstreamUnreachable),
    ],
)
async def test_a_fault_before_the_first_byte_has_its_name_and_no_address(
    server: FakeOpenAIServer, kind: FaultKind, error: type[UpstreamError]
) -> None:
    server.fault = Fault(kind)
    upstream = hasty(server, kind)
    with pytest.raises(error) as raised:
        await upstream.open(call())
    await upstream.close()
    assert_tells_nothing(raised.value, server)


@pytest.mark.parametrize(
    ("kind", "stream", "error"),
    [
        ("cut_body", False, UpstreamBroken),
        ("cut_stream", True, UpstreamBroken),
        ("stall_stream", True, UpstreamTimeout),
    ],
)
async def test_a_fault_midway_is_raised_while_reading(
    server: FakeOpenAIServer, kind: FaultKind, stream: bool, error: type[UpstreamError]
) -> None:
    server.fault = Fault(kind)
    upstream = hasty(server, kind)
    reply = await upstream.open(call(stream=stream))
    with pytest.raises(error) as raised:
        await body_of(reply)
    await upstream.close()
    assert_tells_nothing(raised.value, server)


def hasty(server: FakeOpenAIServer, kind: FaultKind) -> OpenAIHTTP:
    """The adapter, which does not wait long for the end of such a silence."""
    spec = http_spec(server.base_url, **SHORT.get(kind, {}))
    return OpenAIHTTP(spec, SecretStr(KEY), Connections())


def assert_tells_nothing(error: UpstreamError, server: FakeOpenAIServer) -> None:
    for secret in (KEY, str(server.port), "127.0.0.1"):
        assert secret not in str(error)
    assert error.__suppress_context__, "a logged traceback would tell the address"


async def test_a_refused_connection_is_unreachable() -> None:
    async with unused_port() as port:
        upstream = OpenAIHTTP(http_spec(f"http://127.0.0.1:{port}/v1"), None, Connections())
        with pytest.raises(UpstreamUnreachable) as raised:
            await upstream.open(call())
        await upstream.close()
    assert str(port) not in str(raised.value)


async def test_a_slow_answer_within_the_time_allowed_is_an_answer(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    server.fault = Fault("delay", seconds=0.05)
    reply = await upstream.open(call())
    await body_of(reply)
    assert reply.status == 200


async def test_the_whole_time_is_bounded_too(server: FakeOpenAIServer) -> None:
    upstream = OpenAIHTTP(http_spec(server.base_url, timeout="200ms"), None, Connections())
    server.event_gap_s = 0.1
    with pytest.raises(UpstreamTimeout):
        await body_of(await upstream.open(call(stream=True)))
    await upstream.close()


async def test_twenty_callers_survive_a_drop_of_every_pooled_connection(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    async def one() -> int:
        reply = await upstream.open(call())
        await body_of(reply)
        return reply.status

    assert set(await asyncio.gather(*(one() for _ in range(20)))) == {200}
    server.drop_connections()
    assert set(await asyncio.gather(*(one() for _ in range(20)))) == {200}


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_whose_head_came_at_once_may_take_as_long_as_any_other(
    stream: bool,
) -> None:
    slow = Script(headers=SSE if stream else JSON, pieces=(b"{}",), gap_s=0.5)
    async with ScriptedUpstream(slow) as server:
        times = {"first_byte_timeout": "20s", "idle_timeout": "100ms"}
        upstream = OpenAIHTTP(http_spec(server.base_url, **times), None, Connections())

        assert await body_of(await upstream.open(call(stream=stream))) == b"{}"
        await upstream.close()


async def test_an_answer_that_never_begins_behind_its_head_is_given_up() -> None:
    async with ScriptedUpstream(Script(headers=SSE, ending="stall")) as server:
        times = {"first_byte_timeout": "300ms", "idle_timeout": "20s"}
        upstream = OpenAIHTTP(http_spec(server.base_url, **times), None, Connections())
        reply = await upstream.open(call(stream=True))

        with pytest.raises(UpstreamTimeout, match="to begin its answer"):
            await body_of(reply)
        await upstream.close()


async def test_an_error_has_no_reason_to_take_its_time_behind_its_head() -> None:
    async with ScriptedUpstream(Script(503, ending="stall")) as server:
        times = {"first_byte_timeout": "20s", "idle_timeout": "300ms"}
        upstream = OpenAIHTTP(http_spec(server.base_url, **times), None, Connections())

        with pytest.raises(UpstreamTimeout):
            await body_of(await upstream.open(call()))
        await upstream.close()


@pytest.mark.parametrize("kind", ["audio/wav", "text/event-stream"])
async def test_what_is_passed_on_as_it_arrives_may_be_of_any_length(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(openai_http, "MAX_PLAIN_BYTES", 1000)
    sound = Script(headers={"content-type": kind}, pieces=(b"\x00" * 5000,))
    async with ScriptedUpstream(sound) as server:
        upstream = OpenAIHTTP(http_spec(server.base_url), None, Connections())

        assert len(await body_of(await upstream.open(call(stream=True)))) == 5000
        with pytest.raises(UpstreamBroken, match="too large"):
            await body_of(await upstream.open(call()))
        await upstream.close()
