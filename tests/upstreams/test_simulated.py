"""simulated: OpenAI's form, a length and a fault that the body alone decides, and plain words."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import validate

from router.core.catalog import SimulatedSpec
from router.core.tokens import estimated_tokens
from router.errors import UpstreamUnreachable
from router.judging.rubric import Section, prompt_for, score_in
from router.ports import UpstreamCall
from router.upstreams.simulated import Simulated, simulated_catalog
from tests.upstreams.calls import ASK_WEATHER, PATH, WEATHER, answer, body_of, call


def simulated(**fields: Any) -> Simulated:
    spec = {"kind": "simulated", "first_token": "1ms", "tokens_per_second": 1e6, **fields}
    return Simulated(SimulatedSpec.model_validate(spec))


async def text_of(model: str = "sim-small", **body: Any) -> str:
    told = await answer(simulated(), call(model, **body))
    return str(told["choices"][0]["message"]["content"])


async def test_the_answer_says_that_it_is_simulated_and_by_whom() -> None:
    assert "simulated answer by sim-large" in await text_of("sim-large")


async def test_the_same_body_gets_the_same_answer_and_another_body_another_id() -> None:
    first, again, other = [
        await answer(simulated(), made) for made in (call(), call(), call(temperature=1))
    ]
    assert first["choices"] == again["choices"]
    assert first["id"] == again["id"] != other["id"]


async def test_a_large_model_says_more_than_a_small_one() -> None:
    small = [len(await text_of("sim-small", seed=n)) for n in range(8)]
    large = [len(await text_of("sim-large", seed=n)) for n in range(8)]
    assert max(small) < min(large)


async def test_usage_is_the_estimate_of_the_core() -> None:
    told = await answer(simulated(), call(n=2))
    said = [choice["message"]["content"] for choice in told["choices"]]
    assert told["usage"]["completion_tokens"] == sum(map(estimated_tokens, said))


@pytest.mark.parametrize("made", [call(max_tokens=3), call(max_completion_tokens=3)])
async def test_the_caller_bounds_the_length(made: UpstreamCall) -> None:
    told = await answer(simulated(), made)
    assert told["choices"][0]["finish_reason"] == "length"
    assert told["usage"]["completion_tokens"] <= 3


@pytest.mark.parametrize("stop", ["simulated", ["nowhere", "simulated"]])
async def test_the_caller_names_where_to_stop(stop: object) -> None:
    told = await answer(simulated(), call(stop=stop))
    assert told["choices"][0]["message"]["content"] == "This is a "
    assert told["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "body",
    [
        {"tool_choice": "required"},
        {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        {"messages": ASK_WEATHER},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "weather?"}]}]},
    ],
)
async def test_a_tool_that_is_forced_or_spoken_of_is_called_as_its_schema_wants(
    body: dict[str, Any],
) -> None:
    told = await answer(simulated(), call(tools=[WEATHER], **body))
    (made,) = told["choices"][0]["message"]["tool_calls"]
    function: Any = WEATHER["function"]
    validate(json.loads(made["function"]["arguments"]), function["parameters"])


@pytest.mark.parametrize(
    "body",
    [{}, {"tool_choice": "none", "messages": ASK_WEATHER}],
)
async def test_a_tool_that_nobody_asks_for_is_not_called(body: dict[str, Any]) -> None:
    told = await answer(simulated(), call(tools=[WEATHER], **body))
    assert told["choices"][0]["finish_reason"] == "stop"


async def test_a_schema_is_answered_with_json_that_it_accepts() -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 18}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    validate(json.loads(await text_of(response_format=form)), schema)


async def test_a_judge_is_played_with_a_score_in_the_form_that_was_asked_for() -> None:
    told = set()
    for at in range(40):
        prompt = prompt_for([Section("user", "2 + 2?"), Section("answer", f"{at}")])
        told.add(score_in(await text_of(**prompt.chat(can_be_held=True, most_tokens=64))))

    assert None not in told and len(told) > 3
    assert all(score is not None and 0.5 <= score <= 1 for score in told)


async def test_json_is_answered_with_a_json_object() -> None:
    told = json.loads(await text_of(response_format={"type": "json_object"}))
    assert told["simulated"] is True


USER = {"messages": ASK_WEATHER}


@pytest.mark.parametrize(
    ("param", "body"),
    [
        ("messages", {}),
        ("messages", {"messages": []}),
        ("messages", {"messages": "hello"}),
        ("messages[0]", {"messages": [5]}),
        ("messages[0].content", {"messages": [{"role": "user", "content": 5}]}),
        ("messages[0].content[1]", {"messages": [{"role": "user", "content": [{}, 5]}]}),
        ("n", {**USER, "n": 0}),
        ("n", {**USER, "n": 10**9}),
        ("n", {**USER, "n": "many"}),
        ("max_tokens", {**USER, "max_tokens": "x"}),
        ("stop", {**USER, "stop": 5}),
        ("stop", {**USER, "stop": ["a", 5]}),
        ("tools", {**USER, "tools": 5}),
        ("tools[0]", {**USER, "tools": ["x"]}),
        ("tools[0].function", {**USER, "tools": [{"type": "function"}]}),
        ("tools[0].function.name", {**USER, "tools": [{"type": "function", "function": {}}]}),
        ("tool_choice", {**USER, "tools": [WEATHER], "tool_choice": "maybe"}),
        ("tool_choice.function", {**USER, "tools": [WEATHER], "tool_choice": {}}),
        (
            "tool_choice.function.name",
            {**USER, "tools": [WEATHER], "tool_choice": {"function": {"name": "z"}}},
        ),
        ("response_format", {**USER, "response_format": "json"}),
        ("response_format.type", {**USER, "response_format": {"type": "yaml"}}),
        ("response_format.json_schema", {**USER, "response_format": {"type": "json_schema"}}),
        ("stream_options", {**USER, "stream_options": 3}),
    ],
)
async def test_a_body_that_cannot_be_answered_is_told_with_the_field_at_fault(
    param: str, body: dict[str, Any]
) -> None:
    error = await refused(PATH, json.dumps(body).encode())

    assert error["type"] == "invalid_request_error" and error["param"] == param
    assert error["message"].startswith("Expected ") and error["message"].endswith(".")


@pytest.mark.parametrize(
    "schema", [{"type": "array", "minItems": "a"}, {"type": "integer", "minimum": "b"}]
)
async def test_a_schema_that_nothing_can_be_made_of_is_told_where_it_stands(schema: Any) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    forced = {**USER, "tools": [WEATHER, tool], "tool_choice": {"function": {"name": "f"}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    told = await refused(PATH, json.dumps(forced).encode())
    assert told["param"] == "tools[1].function.parameters"
    told = await refused(PATH, json.dumps({**USER, "response_format": form}).encode())
    assert told["param"] == "response_format.json_schema.schema"


@pytest.mark.parametrize(
    ("param", "body"),
    [
        ("input", {}),
        ("input", {"input": []}),
        ("input", {"input": [1.5]}),
        ("input", {"input": ["a", {}]}),
        ("dimensions", {"input": "Hi", "dimensions": 10**9}),
        ("dimensions", {"input": "Hi", "dimensions": "8"}),
        ("encoding_format", {"input": "Hi", "encoding_format": "hex"}),
    ],
)
async def test_so_is_an_embedding_that_cannot_be_made(param: str, body: dict[str, Any]) -> None:
    assert (await refused("/embeddings", json.dumps(body).encode()))["param"] == param


async def test_what_is_no_json_object_is_the_callers_fault() -> None:
    for body in (b"[]", b"null", b"{", b"\xff", b"[" * 100_000):
        assert (await refused(PATH, body))["message"] == "The body is no JSON object."


async def refused(path: str, body: bytes) -> Any:
    """The error of a body that a simulated model does not answer."""
    reply = await simulated().open(UpstreamCall(path, "sim-small", body, stream=False))
    assert reply.status == 400
    return json.loads(await body_of(reply))["error"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["function", "f", "none"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["type", "function", "name", "content", "text", "json_schema", "schema"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
_FIELDS = ("messages", "n", "max_tokens", "stop", "tools", "tool_choice", "response_format")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(_FIELDS, _JSON)))
@settings(max_examples=60, deadline=None)
def test_no_body_is_more_than_it_can_read(drawn: dict[str, Any]) -> None:
    body = json.dumps({**USER, **drawn}).encode()
    made = UpstreamCall(PATH, "sim-small", body, stream=False)

    assert asyncio.run(simulated().open(made)).status in (200, 400)


async def test_another_path_is_not_there() -> None:
    assert (await simulated().open(call(path="/rerank"))).status == 404


async def outcome(upstream: Simulated, seed: int) -> object:
    try:
        return (await upstream.open(call(seed=seed))).status
    except UpstreamUnreachable:
        return UpstreamUnreachable


async def test_faults_come_in_their_share_and_are_the_same_each_time() -> None:
    upstream = simulated(failing_share=0.3)
    first = [await outcome(upstream, seed) for seed in range(300)]
    again = [await outcome(upstream, seed) for seed in range(300)]
    assert first == again
    assert {200, 429, 503, UpstreamUnreachable} == set(first)
    assert 0.2 < 1 - first.count(200) / 300 < 0.4


async def test_nothing_fails_unless_told_to() -> None:
    assert {await outcome(simulated(), seed) for seed in range(50)} == {200}


async def test_a_stream_takes_the_time_of_its_tokens() -> None:
    clock = asyncio.get_running_loop().time
    upstream = simulated(first_token="10ms", tokens_per_second=500.0)
    started = clock()
    reply = await upstream.open(call(stream=True))
    opened = clock()
    body = await body_of(reply)
    events = body.count(b'"content":"') - 1
    # Lower bounds only: a busy machine is slow, never fast.
    assert opened - started >= 0.0099
    assert clock() - opened >= (events - 2) / 500


def test_the_embedded_catalog_has_a_cheap_fast_and_a_dear_good_model() -> None:
    catalog = simulated_catalog()
    small, large = catalog.models["sim-small"], catalog.models["sim-large"]
    assert catalog.is_simulated
    assert (small.location, large.location) == ("local", "cloud")
    assert small.quality.overall < large.quality.overall
    assert small.latency.first_token < large.latency.first_token
    assert small.price is not None
    assert large.price is not None
    assert (small.price.output_usd_per_mtok or 0) < (large.price.output_usd_per_mtok or 0)
