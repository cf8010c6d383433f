"""The official OpenAI SDK against the gateway, with nothing changed but `base_url`."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.fakes.process import GatewayProcess, running_gateway

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
HELLO: Any = [{"role": "user", "content": "Hello, who are you?"}]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """Without any configuration, as a newcomer starts it."""
    state: Path = tmp_path_factory.mktemp("state")
    with running_gateway(state, "--simulated") as process:
        yield process


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


def test_a_plain_answer_says_who_gave_it_and_why(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=HELLO)
    answer = raw.parse()

    assert answer.choices[0].message.content
    assert answer.usage is not None and answer.usage.total_tokens > 0
    assert raw.headers["x-slm-router-decision"].startswith("dec_")
    assert raw.headers["x-slm-router-model"] in ("sim-small", "sim-large")
    assert raw.headers["x-slm-router-policy"].startswith("default@")
    assert raw.headers["x-slm-router-simulated"] == "true"
    assert raw.headers["x-slm-router-reason"]
    assert 0 <= float(raw.headers["x-slm-router-confidence"]) <= 1
    assert float(raw.headers["x-slm-router-overhead-ms"]) >= 0


def test_default_headers_tag_every_request_and_money_is_told_by_tag(
    gateway: GatewayProcess, client: openai.OpenAI
) -> None:
    tagged = client.with_options(default_headers={"x-slm-router-tags": "sdk-canary, team=search"})
    for stream in (False, True):
        answer = tagged.chat.completions.create(model="auto", messages=HELLO, stream=stream)
        _ = list(answer)
    tagged.responses.create(model="auto", input="Hello")

    def told(path: str) -> Any:
        return httpx2.get(f"{gateway.url}{path}").json()

    # A row is in the database a moment after its answer.
    deadline = time.monotonic() + 10
    while len(told("/api/v1/decisions?tag=sdk-canary")["decisions"]) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    groups = {it["of"]: it for it in told("/api/v1/savings?by=tag")["groups"]}
    assert groups["sdk-canary"]["requests"] == groups["team=search"]["requests"] == 3
    assert "sdk-canary" not in httpx2.get(f"{gateway.url}/metrics").text + gateway.output


def test_a_tag_that_is_none_is_the_callers_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(
            model="auto", messages=HELLO, extra_headers={"x-slm-router-tags": "two words"}
        )

    assert raised.value.param == "x-slm-router-tags"


def test_a_streamed_answer_arrives_whole_and_without_a_usage_nobody_asked_for(
    client: openai.OpenAI,
) -> None:
    chunks = list(client.chat.completions.create(model="auto", messages=HELLO, stream=True))

    assert "".join(c.choices[0].delta.content or "" for c in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_a_streams_usage_arrives_when_it_is_asked_for(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="auto", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )

    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


def test_a_tool_call_goes_round(client: openai.OpenAI) -> None:
    asked = client.chat.completions.create(
        model="auto",
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        tools=[WEATHER],
        tool_choice="required",
    )
    message = asked.choices[0].message
    assert message.tool_calls is not None
    call: Any = message.tool_calls[0]
    assert call.function.name == "get_weather"
    assert "city" in json.loads(call.function.arguments)

    answered = client.chat.completions.create(
        model="auto",
        messages=[
            {"role": "user", "content": "What is the weather in Paris?"},
            message.model_dump(exclude_none=True),  # type: ignore[list-item]
            {"role": "tool", "tool_call_id": call.id, "content": "18 degrees and sunny"},
        ],
        tools=[WEATHER],
    )
    assert answered.choices[0].message.content


def test_a_streamed_tool_call_arrives_in_pieces_that_fit(client: openai.OpenAI) -> None:
    pieces = []
    for chunk in client.chat.completions.create(
        model="auto",
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        tools=[WEATHER],
        tool_choice="required",
        stream=True,
    ):
        pieces += chunk.choices[0].delta.tool_calls or []

    assert {piece.index for piece in pieces} == {0}
    arguments = "".join((p.function.arguments or "") for p in pieces if p.function)
    assert "city" in json.loads(arguments)


def test_a_json_schema_is_honoured(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        model="auto",
        messages=[{"role": "user", "content": "Invent a person."}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "person", "schema": schema, "strict": True},
        },
    )

    assert set(json.loads(answer.choices[0].message.content or "")) == {"name", "age"}


def test_a_model_asked_for_by_name_answers_itself(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="sim-large", messages=HELLO)

    assert raw.headers["x-slm-router-model"] == "sim-large"
    assert raw.headers["x-slm-router-reason"] == "the request names this model"


def test_another_policy_is_asked_for_in_the_models_name(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="auto:quality-first", messages=HELLO
    )

    assert raw.headers["x-slm-router-policy"].startswith("quality-first@")


def test_a_caller_can_ask_for_less_freedom(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="auto:quality-first",
        messages=HELLO,
        extra_headers={"x-slm-router-local-only": "true"},
    )

    assert raw.headers["x-slm-router-model"] == "sim-small"


def test_a_request_that_no_model_may_serve_is_told_why_for_each(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(
            model="auto", messages=HELLO, extra_headers={"x-slm-router-allowed-models": "none"}
        )

    assert "sim-small" in error.value.message
    assert "sim-large" in error.value.message


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as error:
        client.chat.completions.create(model="gpt-9", messages=HELLO)

    assert error.value.code == "model_not_found"


def test_a_bad_field_is_named(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model="auto", messages=[])

    assert error.value.param == "messages"


def test_models_can_be_listed_and_looked_up(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}

    assert {"auto", "auto:default", "auto:cost-saver", "sim-small", "sim-large"} <= names
    assert client.models.retrieve("sim-large").id == "sim-large"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody/nothing")
