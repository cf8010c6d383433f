"""Anthropic's official SDK against the gateway, with nothing changed but `base_url`."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from pydantic import BaseModel

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


class Person(BaseModel):
    """What is asked for as structured output."""

    name: str
    age: int


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


def test_every_answer_has_the_id_that_its_users_report(client: anthropic.Anthropic) -> None:
    answer = client.messages.create(model="auto", max_tokens=50, messages=HELLO)
    with pytest.raises(anthropic.NotFoundError) as unknown:
        client.messages.create(model="claude-9", max_tokens=5, messages=HELLO)

    assert str(answer._request_id).startswith("dec_")
    assert str(unknown.value.request_id).startswith("req_")


def test_the_tool_runner_goes_on_without_a_thread(client: anthropic.Anthropic) -> None:
    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """Current weather in a city.

        Args:
            city: Its name.
        """
        return "18 degrees"

    runner = client.beta.messages.tool_runner(
        model="auto", max_tokens=50, messages=HELLO, tools=[get_weather], max_iterations=3
    )

    assert [message.stop_reason for message in runner] == ["end_turn"]


def test_a_message_is_parsed_into_a_model_plain_and_streamed(client: anthropic.Anthropic) -> None:
    asked: Any = {"max_tokens": 50, "messages": HELLO, "output_format": Person}
    plain = client.messages.parse(model="auto", **asked)
    with client.messages.stream(model="auto", **asked) as stream:
        streamed = stream.get_final_message()

    assert isinstance(plain.parsed_output, Person)
    assert isinstance(streamed.parsed_output, Person)


def test_what_the_sdk_marks_for_a_cache_and_thought_before_does_not_stand_in_the_way(
    client: anthropic.Anthropic,
) -> None:
    cached: Any = {"cache_control": {"type": "ephemeral"}}
    system: Any = [{"type": "text", "text": "Be kind.", **cached}, {"type": "text", "text": "Hi."}]
    thought: Any = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    source = {"type": "text", "media_type": "text/plain", "data": "It rained."}
    document: Any = {"type": "document", "source": source, "citations": {"enabled": False}}
    history: Any = [
        *HELLO,
        {"role": "assistant", "content": [thought, {"type": "text", "text": "A gateway."}]},
        {"role": "user", "content": [document, {"type": "text", "text": "Go on.", **cached}]},
    ]

    answer = client.messages.create(model="auto", max_tokens=50, system=system, messages=history)

    assert answer.content[0].type == "text"


def test_what_is_not_served_is_told_in_the_form_that_its_sdk_reads(
    client: anthropic.Anthropic,
) -> None:
    with pytest.raises(anthropic.NotFoundError) as batches:
        client.messages.batches.list()
    with pytest.raises(anthropic.NotFoundError) as files:
        client.beta.files.list()

    assert batches.value.type == files.value.type == "not_found_error"
