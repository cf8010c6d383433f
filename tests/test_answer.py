"""What a whole answer tells of itself, and that no bytes at all can surprise us."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.answer import (
    estimated_output_tokens,
    read_messages_usage,
    read_responses_usage,
    read_usage,
    usage_of,
)
from router.core.cost import Usage, call_cost
from router.core.price import Price
from router.errors import UpstreamBroken

PRICE = Price(input_usd_per_mtok=1.0, output_usd_per_mtok=1.0)
NESTED = b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def test_usage_tells_cached_and_reasoning_tokens_apart() -> None:
    usage = json.loads(
        '{"prompt_tokens": 10, "completion_tokens": 7, "prompt_tokens_details":'
        ' {"cached_tokens": 4}, "completion_tokens_details": {"reasoning_tokens": 5}}'
    )

    assert read_usage(usage) == Usage(10, 7, cached_input_tokens=4, reasoning_tokens=5)


def test_zeros_are_what_servers_tell_that_did_not_count() -> None:
    both = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert read_usage(both) is None
    assert read_responses_usage({"input_tokens": 0, "output_tokens": 0}) is None
    assert read_messages_usage({"input_tokens": 0, "output_tokens": 0}) is None
    assert read_usage({**both, "completion_tokens": 3}) == Usage(0, 3)


@pytest.mark.parametrize(
    ("told", "read"),
    [(7.0, 7), (7.5, None), (-7, None), (10**9, 10**9), (10**9 + 1, None), (True, 1)],
)
def test_a_count_is_whole_and_one_that_can_be(told: float, read: int | None) -> None:
    found = read_usage({"prompt_tokens": told, "completion_tokens": 1})

    assert (found and found.input_tokens) == read


@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": "10"}, {"prompt_tokens": None}])
def test_usage_without_counts_is_no_usage(usage: dict[str, object]) -> None:
    assert read_usage(usage) is None


@pytest.mark.parametrize(
    "told",
    [
        {"num_sources_used": 2},
        {"num_server_side_tools_used": 2},
        {"num_search_queries": 2},
        {"server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 9}},
    ],
)
def test_what_is_charged_for_beside_tokens_is_counted_and_makes_a_call_unpriced(
    told: dict[str, object],
) -> None:
    both = {"input_tokens": 10, "output_tokens": 1, "prompt_tokens": 10, "completion_tokens": 1}
    for read in (read_usage, read_responses_usage, read_messages_usage):
        usage = read(both | told)
        assert usage is not None and usage.charged_beside == 2
        assert call_cost(PRICE, usage, 1.0) is None
        assert call_cost(Price(usd_per_hour=3600.0), usage, 1.0) == 1.0
        # What was there to be used and was not costs nothing.
        unused = read(both | dict.fromkeys(told, 0))
        assert unused is not None and call_cost(PRICE, unused, 1.0) is not None


def test_iterations_of_forms_that_we_do_not_know_add_nothing_but_a_doubt() -> None:
    told = {"input_tokens": 10, "output_tokens": 1}
    odd = [7, None, {}, {"type": "compaction"}, {"type": "message", "input_tokens": 99}]
    usage = read_messages_usage(told | {"iterations": odd})
    assert usage == Usage(10, 1, charged_beside=2)
    assert read_messages_usage(told | {"iterations": "many"}) == Usage(10, 1)


@pytest.mark.parametrize("usage", [b"null", b"5", b"[]", b'"many"'])
def test_usage_of_another_form_is_no_usage(usage: bytes) -> None:
    assert usage_of(b'{"usage": ' + usage + b"}") is None


@pytest.mark.parametrize(
    "body", [b"<html>", b"[1]", b"", b'{"usage": {"a": "\xff"}}', NESTED, b'{"a":']
)
def test_what_is_no_json_object_is_a_broken_answer(body: bytes) -> None:
    with pytest.raises(UpstreamBroken):
        usage_of(body)


def test_what_the_model_wrote_is_estimated_and_not_the_envelope_around_it() -> None:
    message = {"role": "assistant", "content": "Hi"}
    body = {"id": "x" * 200, "choices": [{"message": message}], "system_fingerprint": "y" * 200}

    assert estimated_output_tokens(json.dumps(body).encode()) <= 2


def test_tool_calls_and_reasoning_are_written_too() -> None:
    call = {"function": {"name": "f", "arguments": '{"city": "Paris"}'}}
    message = {"content": None, "tool_calls": [call], "reasoning_content": "Let me see ..."}
    said = estimated_output_tokens(json.dumps({"choices": [{"message": message}]}).encode())

    assert 10 <= said <= 40


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_broken(body: bytes) -> None:
    assert estimated_output_tokens(body) >= 0
    with contextlib.suppress(UpstreamBroken):
        usage_of(body)
