"""One suite over every way to reach models: what the gateway may count on, whichever answers."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from jsonschema import validate

from router.core.catalog import Catalog
from router.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from router.ports import Upstream, UpstreamCall
from router.upstreams import UPSTREAMS, build
from tests.fakes.anthropic_server import FakeAnthropicServer
from tests.fakes.openai_server import FakeOpenAIServer, Fault
from tests.fakes.ports import unused_port
from tests.upstreams.calls import ASK_WEATHER, SAY_HELLO, WEATHER, answer, body_of, call

# pydantic warns of litellm's own types while they are built on first use; litellm filters that
# out by itself, which pytest undoes.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning")

KEY = "sk-canary-0123456789"


@dataclass
class Reached:
    """One adapter."""

    upstream: Upstream
    model: str
    takes_n: bool = True


@dataclass
class Served(Reached):
    """One adapter with a server behind it, and how to make that fail."""

    hasty: Callable[..., Upstream] = field(kw_only=True)
    """Makes the same with timeouts that end a silence soon: they are its arguments."""
    refuse: Callable[[int], object] = field(kw_only=True)
    hang: Callable[[], object] = field(kw_only=True)
    stall: Callable[[], object] = field(kw_only=True)
    departure: Callable[[], Awaitable[object]] = field(kw_only=True)
    received: list[Any] = field(kw_only=True)
    secrets: tuple[str, ...] = field(kw_only=True)


def built(kind: str, **fields: Any) -> Upstream:
    """An adapter by way of the registry."""
    spec = {"kind": kind, **fields}
    if kind != "simulated":
        spec["api_key_env"] = "FAKE_KEY"
    catalog = Catalog.model_validate({"upstreams": {"it": spec}, "models": {}})
    return build(catalog, {"FAKE_KEY": KEY})["it"]


async def reach_simulated(stack: AsyncExitStack) -> Reached:
    return Reached(built("simulated", first_token="1ms", tokens_per_second=1e5), "sim-small")


async def reach_openai_http(stack: AsyncExitStack) -> Served:
    server = await stack.enter_async_context(FakeOpenAIServer())
    return Served(
        built("openai_http", base_url=server.base_url),
        "fake-model",
        hasty=partial(built, "openai_http", base_url=server.base_url),
        refuse=lambda status: setattr(server, "fault", Fault("status", status=status)),
        hang=lambda: setattr(server, "fault", Fault("hang")),
        stall=lambda: setattr(server, "fault", Fault("stall_stream")),
        departure=server.departure.wait,
        received=server.received,
        secrets=(KEY, str(server.port)),
    )


async def reach_litellm(stack: AsyncExitStack) -> Served:
    server = await stack.enter_async_context(FakeAnthropicServer())
    return Served(
        built("litellm", provider="anthropic", base_url=server.base_url),
        "claude-haiku-4-5",
        hasty=partial(built, "litellm", provider="anthropic", base_url=server.base_url),
        takes_n=False,
        refuse=lambda status: setattr(server, "status", status),
        hang=lambda: setattr(server, "hang", True),
        stall=lambda: setattr(server, "stall", True),
        departure=server.departure.wait,
        received=server.received,
        secrets=(KEY, str(server.port)),
    )


SERVED = {"openai_http": reach_openai_http, "litellm": reach_litellm}
ADAPTERS = {"simulated": reach_simulated, **SERVED}


def test_every_registered_kind_is_in_this_suite() -> None:
    assert set(ADAPTERS) == set(UPSTREAMS)


@pytest.fixture(params=list(ADAPTERS))
async def reached(request: pytest.FixtureRequest) -> AsyncIterator[Reached]:
    async with AsyncExitStack() as stack:
        adapter = await ADAPTERS[request.param](stack)
        stack.push_async_callback(adapter.upstream.close)
        yield adapter


@pytest.fixture(params=list(SERVED))
async def served(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with AsyncExitStack() as stack:
        adapter = await SERVED[request.param](stack)
        stack.push_async_callback(adapter.upstream.close)
        yield adapter


def events_of(body: bytes) -> list[Any]:
    """The decoded events; the stream must be framed as OpenAI frames it and end as it ends."""
    assert body.endswith(b"\n\n")
    events = body.removesuffix(b"\n\n").split(b"\n\n")
    assert events[-1] == b"data: [DONE]"
    assert all(event.startswith(b"data: ") for event in events)
    return [json.loads(event[6:]) for event in events[:-1]]


def choices_of(events: Iterable[Any], index: int = 0) -> list[Any]:
    return [c for event in events for c in event["choices"] if c["index"] == index]


async def streamed(reached: Reached, **body: Any) -> list[Any]:
    reply = await reached.upstream.open(call(reached.model, stream=True, **body))
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/event-stream")
    return events_of(await body_of(reply))


async def test_a_plain_answer_is_a_chat_completion(reached: Reached) -> None:
    reply = await reached.upstream.open(call(reached.model))
    told = json.loads(await body_of(reply))
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/json")
    assert told["object"] == "chat.completion"
    (choice,) = told["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"]
    assert choice["finish_reason"] == "stop"


async def test_a_plain_answer_tells_its_usage(reached: Reached) -> None:
    usage = (await answer(reached.upstream, call(reached.model)))["usage"]
    assert usage["prompt_tokens"] > 0
    assert usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


async def test_a_stream_says_what_a_plain_answer_says(reached: Reached) -> None:
    plain = await answer(reached.upstream, call(reached.model))
    choices = choices_of(await streamed(reached))
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    # A simulated answer is a function of the body, and `stream` is part of the body.
    if reached.model != "sim-small":
        assert text == plain["choices"][0]["message"]["content"]
    assert text
    assert [c["finish_reason"] for c in choices if c["finish_reason"]] == ["stop"]
    assert choices[-1]["finish_reason"] == "stop"


async def test_a_stream_tells_its_usage_in_one_last_event_if_asked(reached: Reached) -> None:
    events = await streamed(reached, stream_options={"include_usage": True})
    told = [event for event in events if event.get("usage")]
    assert told == events[-1:]
    assert told[0]["choices"] == []
    assert told[0]["usage"]["total_tokens"] > 0


async def test_a_stream_tells_no_usage_unasked(reached: Reached) -> None:
    assert not any(event.get("usage") for event in await streamed(reached))


async def test_several_answers_each_come_to_their_end(reached: Reached) -> None:
    if not reached.takes_n:
        with pytest.raises(UpstreamError):
            await reached.upstream.open(call(reached.model, n=2))
        return
    plain = await answer(reached.upstream, call(reached.model, n=2))
    assert [choice["index"] for choice in plain["choices"]] == [0, 1]
    events = await streamed(reached, n=2)
    for index in (0, 1):
        finishes = [c["finish_reason"] for c in choices_of(events, index)]
        assert [f for f in finishes if f] == ["stop"]


async def test_tools_make_a_round_trip(reached: Reached) -> None:
    asked = call(reached.model, messages=ASK_WEATHER, tools=[WEATHER], tool_choice="auto")
    (choice,) = (await answer(reached.upstream, asked))["choices"]
    assert choice["finish_reason"] == "tool_calls"
    (made,) = choice["message"]["tool_calls"]
    assert (made["type"], made["function"]["name"]) == ("function", "get_weather")
    json.loads(made["function"]["arguments"])
    result = {"role": "tool", "tool_call_id": made["id"], "content": "21 degrees"}
    history = [*ASK_WEATHER, choice["message"], result]
    told = await answer(reached.upstream, call(reached.model, messages=history))
    assert told["choices"][0]["message"]["content"]


async def test_a_streamed_tool_call_adds_up_to_whole_arguments(reached: Reached) -> None:
    choices = choices_of(await streamed(reached, messages=ASK_WEATHER, tools=[WEATHER]))
    parts = [part for c in choices for part in c["delta"].get("tool_calls") or ()]
    assert {part["index"] for part in parts} == {0}
    assert parts[0]["id"]
    assert parts[0]["function"]["name"] == "get_weather"
    arguments = "".join(part["function"].get("arguments") or "" for part in parts)
    assert json.loads(arguments)["city"]
    assert choices[-1]["finish_reason"] == "tool_calls"


async def test_simulated_arguments_satisfy_their_schema() -> None:
    upstream = built("simulated", first_token="1ms", tokens_per_second=1e5)
    made = call("sim-small", tools=[WEATHER], tool_choice="required")
    (tool_call,) = (await answer(upstream, made))["choices"][0]["message"]["tool_calls"]
    parameters: Any = WEATHER["function"]
    validate(json.loads(tool_call["function"]["arguments"]), parameters["parameters"])


async def test_simulated_embeddings_answer_as_openai_does() -> None:
    upstream = built("simulated", first_token="1ms", tokens_per_second=1e5)
    asked = UpstreamCall(
        "/embeddings", "e", b'{"input":["Hello","world"],"dimensions":4}', stream=False
    )
    told = await answer(upstream, asked)
    assert [len(one["embedding"]) for one in told["data"]] == [4, 4]
    assert told["usage"]["prompt_tokens"] > 0


async def test_closing_midway_lets_go_and_leaves_the_upstream_usable(reached: Reached) -> None:
    reply = await reached.upstream.open(call(reached.model, stream=True))
    assert await anext(aiter(reply.chunks()))
    await reply.close()
    await reply.close()
    assert (await reached.upstream.open(call(reached.model))).status == 200


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [400, 404, 418, 429, 500, 503])
async def test_any_status_passes_with_a_body(served: Served, status: int, stream: bool) -> None:
    served.refuse(status)
    reply = await served.upstream.open(call(served.model, stream=stream))
    error = json.loads(await body_of(reply))["error"]
    assert reply.status == status
    assert error["message"] == "fake fault"


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_calls_are_tried_again_by_nobody_but_us(served: Served, status: int) -> None:
    served.refuse(status)
    await body_of(await served.upstream.open(call(served.model)))
    assert len(served.received) == 2


async def test_silence_before_the_answer_is_a_timeout(served: Served) -> None:
    await body_of(await served.upstream.open(call(served.model)))  # all is loaded by now
    served.hang()
    hasty = served.hasty(first_byte_timeout="300ms")
    with pytest.raises(UpstreamTimeout) as raised:
        await hasty.open(call(served.model))
    await hasty.close()
    assert not [secret for secret in served.secrets if secret in str(raised.value)]


async def test_silence_midway_is_a_timeout_and_closing_is_seen(served: Served) -> None:
    served.stall()
    hasty = served.hasty(idle_timeout="300ms")
    reply = await hasty.open(call(served.model, stream=True))
    with pytest.raises(UpstreamTimeout) as raised:
        await body_of(reply)
    assert not [secret for secret in served.secrets if secret in str(raised.value)]
    await served.departure()
    await hasty.close()


@pytest.mark.parametrize("kind", ["openai_http", "litellm"])
async def test_a_refused_connection_is_unreachable_and_tells_nothing(kind: str) -> None:
    async with unused_port() as port:
        fields = {"provider": "anthropic"} if kind == "litellm" else {}
        upstream = built(kind, base_url=f"http://127.0.0.1:{port}", **fields)
        with pytest.raises(UpstreamUnreachable) as raised:
            await upstream.open(call("any", messages=SAY_HELLO))
        await upstream.close()
    assert not [secret for secret in (KEY, str(port), "127.0.0.1") if secret in str(raised.value)]
