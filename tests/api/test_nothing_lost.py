"""Chat completions through a real connection: nothing is lost, changed or invented either way."""

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.conftest import Through
from tests.fakes.scripted_upstream import DONE, Script, event, plain, streamed

PATH = "/v1/chat/completions"
Make = Callable[..., Through]

ASKED = (
    b'{ "messages" : [ {"role":"developer","content":"Be terse."},\n\t{"role":"user","content":'
    b'[{"type":"text","text":"caf\\u00e9 \xe2\x80\xa8"},{"type":"image_url","image_url":{"url":'
    b'"data:image/png;base64,AAAA","detail":"low"}},{"type":"input_audio","input_audio":{"data":'
    b'"AAAA","format":"wav"}},{"type":"file","file":{"file_data":"AAAA","filename":"a.pdf"}}]}],'
    b'\r\n "temperature":0,"top_p":1.00,"seed":12345678901234567890123, "logprobs":false,"n":1,'
    b'"tools":[],"parallel_tool_calls":false,"store":null,"x_unknown":{"a":[-0.0,1e400]},'
    b'"model":"small", "user":"" }\n'
)
ANSWER = (
    b'{"id":"c","object":"chat.completion","created":0,"model":"m-2026","system_fingerprint":"",'
    b'"service_tier":null,"choices":[{"index":0,"finish_reason":"stop","logprobs":{"content":[],'
    b'"refusal":null},"message":{"role":"assistant","content":"","refusal":"no","reasoning_content"'
    b':"hm","annotations":[],"audio":null,"tool_calls":[]}},{"index":1,"finish_reason":"tool_calls"'
    b',"message":{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function",'
    b'"function":{"name":"f","arguments":"{}"}},{"id":"b","type":"custom","custom":{"name":"g",'
    b'"input":""}}]}}], "usage":{"prompt_tokens":9,"completion_tokens":0,"total_tokens":9,'
    b'"prompt_cache_hit_tokens":4,"prompt_tokens_details":{"cached_tokens":0}},"x_odd": 1.0 }'
)
EVERYTHING = ["tools", "vision", "json_schema", "audio", "files"]


def able(through: Make, script: Script) -> Through:
    """A server whose model can do everything, so that the gate lets all of it pass."""
    return through(script, capable=EVERYTHING)


def test_a_request_arrives_byte_for_byte_but_for_the_models_name(through: Make) -> None:
    it = able(through, plain(ANSWER))

    it.client.post(PATH, content=ASKED)

    assert it.upstream.bodies == [ASKED.replace(b'"small"', b'"small:3b"')]


def test_an_answer_comes_back_byte_for_byte(through: Make) -> None:
    it = able(through, plain(ANSWER))

    assert it.client.post(PATH, content=ASKED).content == ANSWER


def test_half_an_emoji_is_sent_as_the_character_that_stands_for_none(through: Make) -> None:
    it = able(through, plain(ANSWER))
    asked = ASKED.replace(b"caf", b"\\\\ud83d \\ud83d\\ude00 \\ud83d").replace(b"x_unk", b"\\udc00")

    assert it.client.post(PATH, content=asked).status_code == 200

    (told,) = [json.loads(body) for body in it.upstream.bodies]
    said = told["messages"][1]["content"][0]["text"]
    assert said == "\\ud83d \U0001f600 \ufffd\u00e9 \u2028"
    assert told["seed"] == 12345678901234567890123 and "\ufffdnown" in told


def test_numbers_beyond_all_bounds_pass_wherever_they_stand(through: Make) -> None:
    it = able(through, plain(ANSWER))
    asked = ASKED.replace(b'"tools":[]', b'"tools":[{"x":1e400}],"metadata":{"a":-1e999}')
    asked = asked.replace(b'"role":"user"', b'"x":1e400,"role":"user"')

    it.client.post(PATH, content=asked)

    assert it.upstream.bodies == [asked.replace(b'"small"', b'"small:3b"')]


@pytest.mark.parametrize("odd", [b'"\\ud83d"', b'"\\ude00 x"', b"[NaN, -Infinity]", b"-1e400"])
def test_an_answer_that_clients_can_read_is_none_that_is_broken(through: Make, odd: bytes) -> None:
    answer = ANSWER.replace(b'"hm"', odd)
    it = able(through, plain(answer))

    assert it.client.post(PATH, content=ASKED).content == answer

    assert len(it.upstream.received) == 1
    (row,) = it.log.events
    assert row.usage is not None and (row.usage.input_tokens, row.usage_estimated) == (9, False)


@pytest.mark.parametrize("counted", [b"-9", b"9223372036854775808", b"1e400", b'"9"', b"null"])
def test_counts_that_cannot_be_are_estimated_and_the_answer_goes_on(
    through: Make, counted: bytes
) -> None:
    answer = ANSWER.replace(b'"prompt_tokens":9', b'"prompt_tokens":' + counted)
    it = able(through, plain(answer))

    assert it.client.post(PATH, content=ASKED).content == answer

    (row,) = it.log.events
    assert row.usage is not None and row.usage_estimated
    assert 0 < row.usage.input_tokens < 9999


def chunk(index: int, delta: object, finish: str | None = None, **beside: object) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}
    return event({"id": "c", "object": "chat.completion.chunk", "choices": [choice], **beside})


def call(at: int, **function: str) -> dict[str, object]:
    return {"tool_calls": [{"index": at, "id": f"c{at}", "type": "function", "function": function}]}


EVENTS = (
    b": keep-alive\n\n",
    chunk(0, {"role": "assistant", "content": ""}, system_fingerprint="", service_tier=None),
    chunk(1, {"role": "assistant", "content": None, "reasoning_content": "hm"}),
    chunk(0, {"content": "caf\u00e9\u2028\u0085\u000b\u001c \U0001f600"}),
    chunk(1, call(0, name="f", arguments="")),
    chunk(1, call(1, name="g", arguments="{")),
    chunk(1, call(0, arguments="{}")),
    chunk(1, call(1, arguments="}")),
    chunk(0, {"refusal": "no"}),
    b'event: ping\nid: 7\nretry: 3\ndata: {"odd": "usage",\ndata: "choices": []}\n\n',
    chunk(0, {}, "stop", x_provider={"latency": 0}),
    chunk(1, {}, "tool_calls"),
)
USAGE = event(
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}}
)
STREAM = b'{"model":"small","stream":true,"n":2,"messages":[{"role":"user","content":"Hi"}]}'


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_a_stream_comes_back_byte_for_byte_in_every_kind_of_line(
    through: Make, newline: bytes
) -> None:
    sent = b"".join((*EVENTS, USAGE, DONE)).replace(b"\n", newline)
    it = able(through, streamed(sent))

    answer = it.client.post(PATH, content=STREAM)

    withheld = USAGE.replace(b"\n", newline)
    assert answer.content == sent.replace(withheld, b"")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 400), min_size=1, max_size=40))
def test_a_stream_is_the_same_however_the_network_cuts_it(served: Through, cuts: list[int]) -> None:
    sent, pieces = b"".join((*EVENTS, USAGE, DONE)), []
    for size in cuts:
        pieces.append(sent[:size])
        sent = sent[size:]
    served.upstream.next.append(streamed(*filter(None, (*pieces, sent))))

    assert served.client.post(PATH, content=STREAM).content == b"".join((*EVENTS, DONE))


@pytest.fixture
def served(through: Make) -> Through:
    return able(through, plain(b"{}"))


def test_usage_beside_half_an_emoji_is_read(through: Make) -> None:
    odd = USAGE.replace(b'"choices": []', b'"x": "\\ud83d", "choices": []')
    it = able(through, streamed(*EVENTS, odd, DONE))

    assert it.client.post(PATH, content=STREAM).content == b"".join((*EVENTS, DONE))
    assert it.log.events[0].usage is not None and not it.log.events[0].usage_estimated


def test_the_usage_of_a_stream_is_asked_for_and_kept_from_a_caller_who_did_not(
    through: Make,
) -> None:
    it = able(through, streamed(*EVENTS, USAGE, DONE))

    answer = it.client.post(PATH, content=STREAM)

    assert it.upstream.received[0].json["stream_options"] == {"include_usage": True}
    assert b"prompt_tokens" not in answer.content
    (row,) = it.log.events
    assert row.usage is not None and (row.usage.input_tokens, row.usage.output_tokens) == (9, 4)
    assert not row.usage_estimated


def test_the_usage_of_a_stream_reaches_the_caller_who_asked(through: Make) -> None:
    it = able(through, streamed(*EVENTS, USAGE, DONE))
    asked = STREAM.replace(b'"n":2', b'"n":2,"stream_options":{"include_usage":true}')

    assert it.client.post(PATH, content=asked).content == b"".join((*EVENTS, USAGE, DONE))
    assert it.upstream.bodies == [asked.replace(b'"small"', b'"small:3b"')]


def test_a_stream_without_done_is_whole_and_none_is_invented(through: Make) -> None:
    it = able(through, streamed(*EVENTS, USAGE))

    assert it.client.post(PATH, content=STREAM).content == b"".join(EVENTS)
    assert it.log.events[0].outcome == "ok"


def test_a_stream_of_two_answers_of_which_one_came_is_broken(through: Make) -> None:
    it = able(through, streamed(*EVENTS[:-1]))

    content = it.client.post(PATH, content=STREAM).content

    assert json.loads(content.split(b"\n\n")[-2][6:])["error"]["code"] == "upstream_broken"
    assert it.log.events[0].outcome == "broken"


ERROR = {"message": "max_tokens is too large", "type": "BadRequest", "param": "max_tokens"}


def test_an_error_as_first_event_is_told_with_its_status_and_words(through: Make) -> None:
    it = able(through, streamed(event({"error": {**ERROR, "code": 400}}), DONE))

    answer = it.client.post(PATH, content=STREAM)

    assert (answer.status_code, answer.json()) == (400, {"error": {**ERROR, "code": 400}})
    assert it.log.events[0].outcome == "refused"


def test_an_error_midway_ends_the_stream_with_the_upstreams_own_words(through: Make) -> None:
    it = able(through, streamed(*EVENTS[:4], event({"error": {**ERROR, "code": "boom"}}), DONE))

    content = it.client.post(PATH, content=STREAM).content

    told = json.loads(content.removeprefix(b"".join(EVENTS[:4])).strip()[6:])
    assert told == {"error": {**ERROR, "code": "boom"}}
    assert it.log.events[0].outcome == "broken"


def test_neither_our_key_nor_an_address_is_told_in_a_stream(through: Make) -> None:
    it = able(through, plain(b"{}"))
    address = f"127.0.0.1:{it.upstream.port}"
    leak = event({"error": {"message": f"sk-canary-0123456789 at http://{address}/v1"}})
    it.upstream.script = streamed(*EVENTS[:4], leak[:40], leak[40:])

    content = it.client.post(PATH, content=STREAM).content

    assert b"*** at http://***/v1" in content
    assert b"canary" not in content and address.encode() not in content
