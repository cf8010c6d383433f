"""ChatBody: reads little, changes only what it must, and says which field is wrong."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.limits import Limits
from router.core.request import RoutedRequest
from router.dialects.chat_body import ChatBody
from router.errors import InvalidRequest

HELLO = [{"role": "user", "content": "Hello"}]


def facts(**fields: Any) -> RoutedRequest:
    body = {"model": "auto", "messages": HELLO, **fields}
    return ChatBody(json.dumps(body).encode()).request(Limits())


def test_only_the_models_name_changes_on_the_way_to_an_upstream() -> None:
    content = (
        b'{"temperature":1.0,"model":"auto","seed":12345678901234567890123,'
        b'"messages":[ {"role":"user",\n"content":"say \\"model\\":\\"auto\\""} ],"x":-0.0}'
    )

    assert ChatBody(content).for_upstream("llama3.2:3b") == content.replace(
        b'"model":"auto"', b'"model":"llama3.2:3b"'
    )


_SPACE = st.text(" \t\r\n", max_size=2).map(str.encode)


@given(st.data())
def test_every_byte_but_the_models_name_is_the_callers(data: st.DataObject) -> None:
    names = data.draw(st.permutations(["messages", "model", "x", "y\u00e9"]))
    values = {"messages": b"[]", "model": b'"auto"', "x": b'"model"', "y\u00e9": b"[1.0 ,{ }]"}
    space = [data.draw(_SPACE) for _ in range(10)]
    fields = [
        space[0] + json.dumps(name, ensure_ascii=False).encode() + space[1] + b":" + values[name]
        for name in names
    ]
    content = space[2] + b"{" + (space[3] + b"," + space[4]).join(fields) + space[5] + b"}"

    sent = ChatBody(content).for_upstream("large")

    assert sent == content.replace(b'"auto"', b'"large"')


@pytest.mark.parametrize(
    "content",
    [
        b'{"mod\\u0065l":"auto","messages":[],"metadata":{"model":"auto"}}',
        b'{"model":"auto","messages":[],"metadata":{"model":"auto"}}',
        b'{"model":"large","messages":[],"model":"auto","metadata":{"model":"auto"}}',
        b'{"mod\\u0065l":"large","messages":[],"model":"auto","metadata":{"model":"auto"}}',
        b'{ "model" : "a\\u0075to", "messages":[], "metadata":{"model":"auto"}} ',
    ],
)
def test_the_model_is_named_once_and_at_the_top_however_the_caller_wrote_it(content: bytes) -> None:
    sent = ChatBody(content).for_upstream("small")

    pairs = json.loads(sent, object_pairs_hook=list)
    assert pairs == [("model", "small"), ("messages", []), ("metadata", [("model", "auto")])]


def test_a_field_of_the_same_look_further_down_keeps_its_value() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"model": "auto"}}}
    body = {"model": "auto", "messages": HELLO, "tools": [tool]}

    sent = json.loads(ChatBody(json.dumps(body).encode()).for_upstream("small"))

    assert sent == {**body, "model": "small"}


def test_a_streams_usage_is_asked_for_without_touching_the_rest() -> None:
    content = b'{"model":"auto","stream":true,"messages":[{"role":"user","content":"Hi"}]} \n'

    sent = ChatBody(content).for_upstream("small")

    assert sent == (
        b'{"model":"small","stream":true,"messages":[{"role":"user","content":"Hi"}]'
        b',"stream_options":{"include_usage":true}} \n'
    )


def test_other_stream_options_are_kept_beside_the_usage_asked_for() -> None:
    options = {"include_obfuscation": False}
    body = {"model": "auto", "stream": True, "messages": HELLO, "stream_options": options}

    sent = json.loads(ChatBody(json.dumps(body).encode()).for_upstream("small"))

    assert sent["stream_options"] == {"include_obfuscation": False, "include_usage": True}


def test_a_caller_who_asked_for_the_usage_is_known() -> None:
    body = {
        "model": "auto",
        "stream": True,
        "messages": HELLO,
        "stream_options": {"include_usage": True},
    }

    assert ChatBody(json.dumps(body).encode()).usage_asked


def test_tools_schema_images_and_bounds_are_facts() -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
    ]
    request = facts(
        messages=[{"role": "user", "content": parts}],
        tools=[{"type": "function", "function": {"name": "f"}}],
        response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": {}}},
        max_completion_tokens=50,
        n=2,
    )

    assert (request.tools, request.images, request.json_schema) == (1, 1, True)
    assert (request.max_output_tokens, request.answers) == (50, 2)
    assert request.last_user_text == "What is this?"
    assert "AAAA" not in request.text


@pytest.mark.parametrize(
    "change",
    [
        {"tools": [{"type": "function", "function": {"description": "bob@example.com"}}]},
        {"functions": [{"name": "f", "description": "bob@example.com"}]},
        {"response_format": {"type": "json_schema", "json_schema": {"title": "bob@example.com"}}},
        {"prediction": {"type": "content", "content": "bob@example.com"}},
        {"metadata": {"bob@example.com": "yes"}},
        {"user": "bob@example.com"},
        {"x_unknown": [["bob@example.com"]]},
        {"messages": [*HELLO, {"role": "user", "name": "bob@example.com", "content": "x"}]},
        {
            "messages": [
                *HELLO,
                {
                    "role": "assistant",
                    "tool_calls": [{"function": {"arguments": "bob@example.com"}}],
                },
            ]
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "image_url",
                            "image_url": {"url": "https://a.b/?m=bob@example.com"},
                        }
                    ],
                }
            ]
        },
    ],
    ids=lambda change: next(iter(change)),
)
def test_all_that_is_sent_along_is_attached(change: dict[str, Any]) -> None:
    assert "bob@example.com" in facts(**change).attached


def test_media_in_base64_is_not_taken_for_text() -> None:
    data = "QUJD" * 100
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}},
        {"type": "file", "file": {"file_data": data, "filename": "report.pdf"}},
    ]

    attached = facts(messages=[{"role": "user", "content": parts}]).attached

    assert "QUJD" not in attached
    assert "report.pdf" in attached


def test_escapes_hide_nothing_that_is_attached() -> None:
    body = b'{"model":"auto","messages":[{"role":"user","content":"x"}],"user":"bob\\u0040x.com"}'

    assert ChatBody(body).request(Limits()).attached == "bob@x.com"


def test_an_assistants_turn_of_tool_calls_without_content_is_fine() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [*HELLO, {"role": "assistant", "content": None, "tool_calls": [call]}]

    assert facts(messages=messages).turns[1].tool_calls == 1


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": 5}, "model"),
        ({"model": "m" * 300}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": [5]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0].type"),
        ({"stream": "yes"}, "stream"),
        ({"n": 0}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"tools": {}}, "tools"),
        ({"response_format": "json"}, "response_format"),
    ],
)
def test_the_field_at_fault_is_named(change: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        facts(**change)

    assert error.value.param == param


@pytest.mark.parametrize("content", [b"", b"[1,2]", b"null", b"NaN", b'{"a":', b"\xff\xfe", b"5"])
def test_a_body_that_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        ChatBody(content)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_invalid_request(content: bytes) -> None:
    with contextlib.suppress(InvalidRequest):
        ChatBody(content).request(Limits())


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["messages", "tools", "n", "stream", "user"]), _JSON))
def test_no_json_object_raises_anything_but_invalid_request(fields: dict[str, Any]) -> None:
    with contextlib.suppress(InvalidRequest):
        facts(**fields)


@given(st.dictionaries(st.text().map("x_{}".format), _JSON, max_size=5))
def test_every_other_field_arrives_unchanged(fields: dict[str, Any]) -> None:
    body = {**fields, "model": "auto", "messages": HELLO}

    sent = json.loads(ChatBody(json.dumps(body).encode()).for_upstream("small"))

    assert sent == {**body, "model": "small"}
