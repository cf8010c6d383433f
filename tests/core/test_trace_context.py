"""W3C Trace Context: what callers say is read strictly, and ids follow from the request's."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.trace_context import TraceContext, read, span_id, trace_id_of, traceparent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f" 00-{TRACE}-{SPAN}-01 ", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", True),
    ],
)
def test_a_callers_trace_is_continued(header: str, sampled: bool) -> None:
    assert read(header) == TraceContext(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "callers",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\r\nset-cookie: a=1",
        f"00-{TRACE}x-{SPAN}-01",
    ],
)
def test_what_is_no_trace_is_none(header: str | None) -> None:
    assert read(header) is None


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=40), st.integers(0, 9), st.booleans())
def test_what_upstreams_are_told_can_be_read_back(request: str, call: int, sampled: bool) -> None:
    context = TraceContext(trace_id_of(request), None, sampled)
    told = traceparent(context, request, call)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", told)
    assert read(told) == TraceContext(context.trace_id, span_id(request, str(call)), sampled)


def test_every_span_of_every_request_has_an_id_of_its_own() -> None:
    places = ("request", "decision", "0", "1", "2")
    ids = {span_id(f"dec_{number}", place) for number in range(200) for place in places}
    assert len(ids) == 200 * len(places)
