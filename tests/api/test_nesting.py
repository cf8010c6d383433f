"""How deep JSON may be nested, and that counting it takes linear time."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.nesting import MOST, within_depth
from router.errors import InvalidRequest
from tests.api.conftest import Serve
from tests.fakes.gateway import fake_gateway
from tests.fakes.upstream import FakeUpstream


def nested(levels: int) -> bytes:
    return b'{"a":[' * (levels // 2) + b"1" + b"]}" * (levels // 2)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def is_within(content: bytes, most: int) -> bool:
    try:
        return within_depth(content, most) is content
    except InvalidRequest:
        return False


def test_sixty_four_levels_are_taken_and_no_more() -> None:
    assert is_within(nested(64), MOST)
    assert not is_within(nested(66), MOST)
    assert not is_within(b"[" + nested(64) + b"]", MOST)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text('"\\[]{}a\n'),
        lambda inner: st.lists(inner) | st.dictionaries(st.text('"\\[]{}a'), inner),
    ),
    st.integers(0, 5),
)
def test_brackets_in_strings_do_not_count(value: object, most: int) -> None:
    assert is_within(json.dumps(value).encode(), most) == (depth(value) <= most)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 4_000_000,
        b"[]," * 1_300_000,
        b"[" * 65 + b'"' + b'\\"' * 2_000_000,
        b"[" * 65 + b'"\\' * 2_000_000,
        b"[" * 65 + b'"' * 4_000_000,
        b'{"a":' * 800_000,
    ],
    ids=["deep", "wide", "quotes without end", "escapes", "empty strings", "objects"],
)
def test_nothing_that_fits_into_a_body_takes_long(content: bytes) -> None:
    begun = time.perf_counter()
    is_within(content, MOST)

    # A pattern that tries again takes minutes for these; a machine that stalls takes seconds.
    assert time.perf_counter() - begun < 20


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/route"])
def test_a_body_that_is_nested_too_deep_is_the_callers_mistake(serve: Serve, path: str) -> None:
    content = b'{"model":"auto","messages":[{"role":"user","content":"x"}],"x":' + nested(66) + b"}"

    answer = serve(fake_gateway({"near": FakeUpstream()})).post(path, content=content)

    assert answer.status_code == 400
    assert "64 levels" in answer.json()["error"]["message"]
