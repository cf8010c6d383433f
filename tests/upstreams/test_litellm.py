"""litellm: another provider's form under OpenAI's, and nothing of the caller's but OpenAI's fields.

All against a server on loopback that speaks Anthropic's messages API, through the real litellm.
"""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from router.core.catalog import LiteLLMSpec
from router.errors import UpstreamBroken, UpstreamRefused, UpstreamTimeout, UpstreamUnreachable
from router.ports import UpstreamCall
from router.upstreams.connections import Connections
from router.upstreams.litellm import LiteLLM
from tests.fakes.anthropic_server import FakeAnthropicServer
from tests.fakes.ports import unused_port
from tests.upstreams.calls import ASK_WEATHER, SHORT, WEATHER, answer, body_of, call

# pydantic warns of litellm's own types while they are built on first use; litellm filters that
# out by itself, which pytest undoes.
pytestmark = pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning")

KEY = "sk-ant-canary-0123456789"
SECRET = SecretStr(KEY)
MODEL = "claude-haiku-4-5"


def litellm_spec(base_url: str, **fields: Any) -> LiteLLMSpec:
    spec = {"kind": "litellm", "provider": "anthropic", "base_url": base_url, **fields}
    return LiteLLMSpec.model_validate(spec)


@pytest.fixture
async def server() -> AsyncIterator[FakeAnthropicServer]:
    async with FakeAnthropicServer() as running:
        yield running


@pytest.fixture
async def upstream(server: FakeAnthropicServer) -> AsyncIterator[LiteLLM]:
    built = LiteLLM(litellm_spec(server.base_url), SECRET, Connections())
    yield built
    await built.close()


async def test_the_key_goes_to_the_provider_in_its_own_header(
    server: FakeAnthropicServer, upstream: LiteLLM
) -> None:
    await answer(upstream, call(MODEL))
    assert server.headers[0]["x-api-key"] == KEY
    assert server.received[0]["model"] == MODEL


async def test_a_name_with_its_provider_is_the_same_model(
    server: FakeAnthropicServer, upstream: LiteLLM
) -> None:
    await answer(upstream, call(f"anthropic/{MODEL}"))
    assert server.received[0]["model"] == MODEL


@pytest.mark.parametrize(
    "hostile",
    [
        {"api_base": "http://127.0.0.1:9"},
        {"base_url": "http://127.0.0.1:9"},
        {"api_key": "sk-theirs"},
        {"custom_llm_provider": "openai"},
        {"mock_response": "hacked"},
        {"extra_headers": {"x-theirs": "1"}},
        {"fallbacks": ["openai/gpt-4o"]},
        {"user_config": {"model_list": []}},
        {"metadata": {"hidden_params": {}}},
    ],
)
async def test_no_field_of_the_caller_steers_litellm(
    server: FakeAnthropicServer, upstream: LiteLLM, hostile: dict[str, Any]
) -> None:
    told = await answer(upstream, call(MODEL, **hostile))
    assert told["choices"][0]["message"]["content"] == "Hello wörld!"
    assert set(server.received[0]) <= {"model", "messages", "max_tokens"}
    assert server.headers[0]["x-api-key"] == KEY
    assert "x-theirs" not in server.headers[0]


async def test_a_field_the_provider_lacks_is_left_out_if_it_does_not_matter(
    server: FakeAnthropicServer, upstream: LiteLLM
) -> None:
    await answer(upstream, call(MODEL, seed=7, logit_bias={"1": 2}, temperature=0))
    assert server.received[0]["temperature"] == 0
    assert "seed" not in server.received[0]


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("n", {"n": 2}),
        ("logprobs", {"logprobs": True}),
        ("tools", {"tools": [{"type": "mcp", "server_url": "http://127.0.0.1:9"}]}),
    ],
)
async def test_a_field_that_would_change_the_answer_is_refused_for_the_next_candidate(
    server: FakeAnthropicServer, upstream: LiteLLM, field: str, body: dict[str, Any]
) -> None:
    with pytest.raises(UpstreamRefused) as raised:
        await upstream.open(call(MODEL, **body))
    assert raised.value.status == 400
    assert json.loads(raised.value.body)["error"]["param"] == field
    assert server.received == []


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": float("inf")}, {"response_format": {"type": "json_schema", "json_schema": 5}}],
)
async def test_what_cannot_be_put_into_the_providers_form_is_the_requests_fault(
    server: FakeAnthropicServer, upstream: LiteLLM, wrong: dict[str, Any]
) -> None:
    body = {"messages": [{"role": "user", "content": "Hi"}], **wrong}
    content = json.dumps(body).replace("Infinity", "1e999").encode()

    with pytest.raises(UpstreamRefused) as error:
        await upstream.open(UpstreamCall("/chat/completions", MODEL, content, stream=False))

    assert error.value.status == 400
    assert server.received == []


async def test_n_of_one_is_no_demand(upstream: LiteLLM) -> None:
    assert len((await answer(upstream, call(MODEL, n=1)))["choices"]) == 1


def image(url: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]


async def test_an_image_address_reaches_a_provider_that_fetches_for_itself(
    server: FakeAnthropicServer, upstream: LiteLLM
) -> None:
    await answer(upstream, call(MODEL, messages=image("https://example.com/a.png")))
    (part,) = server.received[0]["messages"][0]["content"]
    assert part["source"]["url"] == "https://example.com/a.png"


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("anthropic", "http://169.254.169.254/latest"),
        ("gemini", "https://example.com/a.png"),
        ("bedrock", "HTTPS://example.com/a.png"),
    ],
)
async def test_an_image_address_that_we_would_have_to_fetch_is_refused(
    server: FakeAnthropicServer, provider: str, url: str
) -> None:
    upstream = LiteLLM(litellm_spec(server.base_url, provider=provider), SECRET, Connections())
    with pytest.raises(UpstreamRefused, match="data: URLs only"):
        await upstream.open(call("any", messages=image(url)))
    await upstream.close()
    assert server.received == []


async def test_tools_go_there_and_the_call_comes_back(
    server: FakeAnthropicServer, upstream: LiteLLM
) -> None:
    told = await answer(upstream, call(MODEL, messages=ASK_WEATHER, tools=[WEATHER]))
    (sent,) = server.received[0]["tools"]
    assert sent["name"] == "get_weather"
    (choice,) = told["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"]) == {
        "city": "Paris",
        "days": 1,
    }


async def test_the_usage_event_has_no_choices_as_openai_sends_it(upstream: LiteLLM) -> None:
    made = call(MODEL, stream=True, stream_options={"include_usage": True})
    events = (await body_of(await upstream.open(made))).split(b"\n\n")
    told = [json.loads(e.removeprefix(b"data: ")) for e in events if b'"usage"' in e]
    assert [e["choices"] for e in told] == [[]]
    assert told[0]["usage"]["prompt_tokens"] == 11
    assert "cost" not in told[0]["usage"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 529])
async def test_the_status_on_the_wire_is_the_status_of_the_reply(
    server: FakeAnthropicServer, upstream: LiteLLM, status: int, stream: bool
) -> None:
    server.status, server.error_headers = status, {"retry-after": "7"}
    server.error_message = f"no, {KEY} at {server.base_url}"
    reply = await upstream.open(call(MODEL, stream=stream))
    error = json.loads(await body_of(reply))["error"]
    assert (reply.status, reply.headers["retry-after"]) == (status, "7")
    assert reply.headers["content-type"] == "application/json"
    assert error["message"] == "no, *** at http://***"
    assert error["type"].endswith("_error")
    assert len(server.received) == 1, "litellm must not try again by itself"


@pytest.mark.parametrize("provider", ["anthropic", "gemini", "mistral"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_refused_connection_is_unreachable_and_tells_no_address(
    provider: str, stream: bool
) -> None:
    async with unused_port() as port:
        spec = litellm_spec(f"http://127.0.0.1:{port}", provider=provider)
        upstream = LiteLLM(spec, SECRET, Connections())
        with pytest.raises(UpstreamUnreachable) as raised:
            await upstream.open(call("any-model", stream=stream))
        await upstream.close()
    assert str(port) not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_of_a_provider_that_is_asked_late_still_shows_while_opening(
    server: FakeAnthropicServer, stream: bool
) -> None:
    upstream = LiteLLM(litellm_spec(server.base_url, provider="gemini"), SECRET, Connections())
    reply = await upstream.open(call("gemini-2.5-flash", stream=stream))
    await reply.close()
    await upstream.close()
    assert reply.status == 404


async def test_a_hanging_provider_is_a_timeout_and_is_let_go(
    server: FakeAnthropicServer, upstream: LiteLLM
) -> None:
    await answer(upstream, call(MODEL))  # it loads more on its first use than such a limit allows
    server.hang = True
    hasty = LiteLLM(litellm_spec(server.base_url, **SHORT["hang"]), SECRET, Connections())
    with pytest.raises(UpstreamTimeout):
        await hasty.open(call(MODEL))
    await asyncio.wait_for(server.departure.wait(), 20)
    await hasty.close()


@pytest.mark.parametrize(("fault", "error"), [("cut", UpstreamBroken), ("stall", UpstreamTimeout)])
async def test_a_stream_that_breaks_off_says_so(
    server: FakeAnthropicServer, fault: str, error: type[Exception]
) -> None:
    setattr(server, fault, True)
    upstream = LiteLLM(litellm_spec(server.base_url, **SHORT.get(fault, {})), SECRET, Connections())
    reply = await upstream.open(call(MODEL, stream=True))
    with pytest.raises(error):
        await body_of(reply)
    await upstream.close()


async def test_closing_midway_makes_the_provider_see_us_leave(
    server: FakeAnthropicServer, upstream: LiteLLM
) -> None:
    server.stall = True
    reply = await upstream.open(call(MODEL, stream=True))
    assert (await anext(aiter(reply.chunks()))).startswith(b"data: ")
    await reply.close()
    await asyncio.wait_for(server.departure.wait(), 20)


async def test_nothing_is_logged_of_prompt_or_key(
    server: FakeAnthropicServer, upstream: LiteLLM, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.status = 500
    made = call(MODEL, messages=[{"role": "user", "content": "prompt-canary"}])
    await body_of(await upstream.open(made))
    assert "prompt-canary" not in caplog.text
    assert KEY not in caplog.text


async def test_another_path_is_not_guessed_at(upstream: LiteLLM) -> None:
    assert (await upstream.open(call(MODEL, path="/rerank"))).status == 404


def test_building_the_upstreams_does_not_import_litellm() -> None:
    code = "import router.upstreams, sys; sys.exit('litellm' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_first_use_contacts_nobody_but_the_provider_and_reads_no_dotenv(tmp_path: Any) -> None:
    (tmp_path / ".env").write_text("CANARY_FROM_DOTENV=1\n")
    code = (
        "import socket, os\n"
        "def refuse(*a): raise SystemExit(f'connected to {a[1:]}')\n"
        "socket.socket.connect = refuse\n"
        "from router.upstreams.litellm import _load\n"
        "_load()\n"
        "raise SystemExit('CANARY_FROM_DOTENV' in os.environ)"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
