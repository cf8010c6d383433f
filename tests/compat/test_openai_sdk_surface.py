"""The official OpenAI SDK on the endpoints beside chat completions."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.fakes.process import GatewayProcess

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Current weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Person(BaseModel):
    """What is asked for as structured output."""

    name: str
    age: int


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


def test_a_response_arrives(client: openai.OpenAI) -> None:
    raw = client.responses.with_raw_response.create(model="auto", input="Hello")
    answer = raw.parse()

    assert answer.output_text and answer.status == "completed"
    assert answer.usage is not None and answer.usage.total_tokens > 0
    assert raw.headers["x-slm-router-model"] in ("sim-small", "sim-large")


def test_a_streamed_response_adds_up(client: openai.OpenAI) -> None:
    with client.responses.stream(model="auto", input="Hello") as stream:
        text = "".join(e.delta for e in stream if e.type == "response.output_text.delta")
        final = stream.get_final_response()

    assert text and final.output_text == text


@pytest.mark.parametrize("stream", [False, True])
def test_a_responses_tool_goes_round(client: openai.OpenAI, stream: bool) -> None:
    question: Any = {"role": "user", "content": "What is the weather in Paris?"}
    asked: Any = {"model": "auto", "tools": [WEATHER], "tool_choice": "required"}
    if stream:
        with client.responses.stream(input=[question], **asked) as events:
            told = events.get_final_response()
    else:
        told = client.responses.create(input=[question], **asked)
    (call,) = told.output
    assert call.type == "function_call" and "city" in json.loads(call.arguments)
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "18 degrees"}
    history: Any = [question, call.model_dump(), result]

    answered = client.responses.create(model="auto", input=history, tools=[WEATHER])

    assert answered.output_text


def test_a_response_is_parsed_into_a_model(client: openai.OpenAI) -> None:
    answer = client.responses.parse(model="auto", input="Invent a person", text_format=Person)

    assert isinstance(answer.output_parsed, Person)


def test_state_that_nobody_keeps_is_refused_with_its_field(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.responses.create(model="auto", input="Hi", previous_response_id="resp_1")

    assert error.value.param == "previous_response_id"


def test_a_completion_arrives_plain_and_streamed(client: openai.OpenAI) -> None:
    plain = client.completions.create(model="auto", prompt="Hello")
    chunks = client.completions.create(model="auto", prompt="Hello", stream=True)

    assert plain.choices[0].text
    assert plain.usage is not None
    assert "".join(chunk.choices[0].text for chunk in chunks)


@pytest.mark.parametrize("given", ["Hi", ["Hi", "there"], [1, 2], [[1], [2]]])
def test_embeddings_arrive_in_base64_as_the_sdk_asks_and_as_floats(
    client: openai.OpenAI, given: Any
) -> None:
    packed = client.embeddings.create(model="sim-embedder", input=given, dimensions=8)
    plain = client.embeddings.create(
        model="sim-embedder", input=given, dimensions=8, encoding_format="float"
    )

    assert len(packed.data) == (1 if given in ("Hi", [1, 2]) else 2)
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding)


def test_chat_is_parsed_into_a_model(client: openai.OpenAI) -> None:
    answer = client.chat.completions.parse(
        model="auto",
        messages=[{"role": "user", "content": "Invent a person"}],
        response_format=Person,
    )

    assert isinstance(answer.choices[0].message.parsed, Person)


def test_the_stream_helper_tells_text_tools_and_a_parsed_answer(client: openai.OpenAI) -> None:
    asked: Any = {"model": "auto", "messages": [{"role": "user", "content": "Invent a person"}]}
    with client.chat.completions.stream(**asked, response_format=Person) as stream:
        kinds = {it.type for it in stream}
        parsed = stream.get_final_completion().choices[0].message.parsed
    tools = [openai.pydantic_function_tool(Person)]
    with client.chat.completions.stream(**asked, tools=tools, tool_choice="required") as stream:
        message = stream.get_final_completion().choices[0].message

    assert {"content.delta", "content.done"} <= kinds
    assert isinstance(parsed, Person)
    assert message.tool_calls and isinstance(
        message.tool_calls[0].function.parsed_arguments, Person
    )


def test_several_answers_stream_side_by_side_and_each_ends_once(client: openai.OpenAI) -> None:
    chunks = client.chat.completions.create(
        model="auto", messages=[{"role": "user", "content": "Hello"}], n=2, stream=True
    )
    ended = [it.index for chunk in chunks for it in chunk.choices if it.finish_reason]

    assert sorted(ended) == [0, 1]


DATA = "data:application/pdf;base64,JVBERi0="
PARTS: dict[str, Any] = {
    "image": {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    "audio": {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
    "file": {"type": "file", "file": {"filename": "a.pdf", "file_data": DATA}},
}


@pytest.mark.parametrize("kind", PARTS)
def test_parts_of_every_kind_pass(client: openai.OpenAI, kind: str) -> None:
    content: Any = [{"type": "text", "text": "What is this?"}, PARTS[kind]]

    answer = client.chat.completions.create(
        model="auto", messages=[{"role": "user", "content": content}]
    )

    assert answer.choices[0].message.content


def test_a_file_passes_through_responses_and_one_by_url_is_refused(client: openai.OpenAI) -> None:
    def asked(**file: str) -> Any:
        part: Any = {"type": "input_file", **file}
        return client.responses.create(model="auto", input=[{"role": "user", "content": [part]}])

    assert asked(filename="a.pdf", file_data=DATA).output_text
    with pytest.raises(openai.BadRequestError) as refused:
        asked(file_url="https://example.com/a.pdf")
    assert refused.value.param == "input[0].content[0]"


def test_raw_lines_unknown_fields_headers_and_timeouts_are_no_hindrance(
    client: openai.OpenAI,
) -> None:
    hurried = client.with_options(timeout=30)
    with hurried.chat.completions.with_streaming_response.create(
        model="auto",
        messages=[{"role": "developer", "content": "Hello"}],
        stream=True,
        seed=1,
        logprobs=True,
        extra_body={"x_unknown": {"a": [1]}},
        extra_headers={"x-unknown": "1"},
        extra_query={"api-version": "1"},
    ) as answer:
        lines = [line for line in answer.iter_lines() if line]

    assert lines[-1] == "data: [DONE]"
    assert answer.headers["x-request-id"].startswith("dec_")


def test_what_is_not_served_is_told_as_such(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as retrieved:
        client.responses.retrieve("resp_1")
    with pytest.raises(openai.NotFoundError) as heard:
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"RIFF"))
    with pytest.raises(openai.BadRequestError) as drawn:
        client.images.generate(prompt="A cat")

    assert "/v1/responses/resp_1" in retrieved.value.message
    assert "/v1/audio/transcriptions" in heard.value.message
    assert drawn.value.param == "model"
    assert len(list(client.models.list())) == len(client.models.list().data)
