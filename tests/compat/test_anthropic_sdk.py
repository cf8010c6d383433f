"""Anthropic's official SDK against the gateway, with nothing changed but `base_url`."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.fakes.process import GatewayProcess

HELLO: Any = [{"role": "user", "content": "Hello, who are you?"}]
WEATHER: Any = {
    "name": "get_weather",
    "description": "Current weather in a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
ANY: Any = {"type": "any"}


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=gateway.url, api_key="unused", max_retries=0) as client:
        yield client


def test_a_plain_answer_arrives_and_says_who_gave_it(client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(
        model="auto", max_tokens=200, messages=HELLO, system="Be friendly."
    )
    answer = raw.parse()

    assert answer.content[0].type == "text" and answer.content[0].text
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0
    assert raw.headers["x-slm-router-model"] in ("sim-small", "sim-large")


def test_a_stream_adds_up_to_a_message(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model="auto", max_tokens=200, messages=HELLO) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()

    assert text and message.content[0].type == "text" and message.content[0].text == text
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 0


def test_a_tool_goes_round(client: anthropic.Anthropic) -> None:
    question: Any = {"role": "user", "content": "What is the weather in Paris?"}
    asked = client.messages.create(
        model="auto", max_tokens=200, messages=[question], tools=[WEATHER], tool_choice=ANY
    )
    (call,) = asked.content
    assert asked.stop_reason == "tool_use"
    assert call.type == "tool_use" and "city" in call.input
    result: Any = {"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees"}
    told: Any = {"role": "user", "content": [result]}

    answered = client.messages.create(
        model="auto",
        max_tokens=200,
        messages=[question, {"role": "assistant", "content": asked.content}, told],
        tools=[WEATHER],
    )

    assert answered.content[0].type == "text"


def test_a_streamed_tool_call_adds_up(client: anthropic.Anthropic) -> None:
    with client.messages.stream(
        model="auto", max_tokens=200, messages=HELLO, tools=[WEATHER], tool_choice=ANY
    ) as stream:
        (call,) = stream.get_final_message().content

    assert call.type == "tool_use" and "city" in call.input


def test_structured_output_fits_its_schema(client: anthropic.Anthropic) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    form: Any = {"format": {"type": "json_schema", "schema": schema}}

    answer = client.messages.create(
        model="auto", max_tokens=200, messages=HELLO, output_config=form
    )

    assert answer.content[0].type == "text" and '"age"' in answer.content[0].text


def test_images_pass(client: anthropic.Anthropic) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    image: Any = [{"role": "user", "content": [{"type": "image", "source": source}]}]

    assert client.messages.create(model="auto", max_tokens=20, messages=image).content


def test_tokens_are_counted(client: anthropic.Anthropic) -> None:
    assert client.messages.count_tokens(model="auto", messages=HELLO).input_tokens > 0


def test_errors_are_those_that_its_users_catch(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as unknown:
        client.messages.create(model="claude-9", max_tokens=5, messages=HELLO)
    with pytest.raises(anthropic.BadRequestError) as bad:
        client.messages.create(model="auto", max_tokens=5, messages=[])

    assert unknown.value.type == "not_found_error"
    assert "messages" in bad.value.message


def test_models_are_listed(client: anthropic.Anthropic) -> None:
    assert {"auto", "sim-small"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("sim-small").display_name == "sim-small"
