"""Trace context: which trace a request belongs to, and the ids of its spans (W3C Trace Context).

Rule: the ids of spans follow from the request's own id. So an upstream can be told of the span
that will stand for its call before there is one, and nothing has to be kept meanwhile.
"""

import hashlib
import re

from msgspec import Struct

HEADER = "traceparent"
REQUEST = "request"
DECISION = "decision"

_VALUE = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


class TraceContext(Struct, frozen=True):
    """A trace by its id (32 hexadecimal digits), and the caller's span in it (16), if it had one.

    `sampled`: whether the trace is recorded.
    """

    trace_id: str
    parent_id: str | None
    sampled: bool


def read(header: str | None) -> TraceContext | None:
    """What a caller's `traceparent` says; None if it says nothing that holds.

    Later versions than 00 may add fields, which are passed over (W3C Trace Context, 3.2.4).
    """
    match = _VALUE.fullmatch((header or "").strip())
    if match is None:
        return None
    version, trace_id, parent_id, flags, more = match.groups()
    if version == "ff" or (version == "00" and more) or trace_id == _NO_TRACE:
        return None
    if parent_id == _NO_SPAN:
        return None
    return TraceContext(trace_id, parent_id, bool(int(flags, 16) & _SAMPLED))


def trace_id_of(request: str) -> str:
    """The id of the trace that begins with a request, by the request's id."""
    return hashlib.blake2b(request.encode(), digest_size=16).hexdigest()


def span_id(request: str, place: str) -> str:
    """The id of one span of a request: REQUEST, DECISION, or the number of a call from 0 on."""
    return hashlib.blake2b(f"{request}:{place}".encode(), digest_size=8).hexdigest()


def traceparent(context: TraceContext, request: str, call: int) -> str:
    """What an upstream is told: that it is called by the span of this call."""
    flags = _SAMPLED if context.sampled else 0
    return f"00-{context.trace_id}-{span_id(request, str(call))}-{flags:02x}"
