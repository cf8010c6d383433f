"""Tries: how far each candidate of one request may be tried, and what its calls tell of health.

Rule: one deadline and one count bind all candidates of a request together: retries never multiply.
"""

import msgspec

from router.answer import UNREADABLE
from router.core.catalog import ModelCard
from router.core.request import RoutedRequest
from router.errors import (
    RefusedInStream,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from router.ports import Tries
from router.recording import Trace


class _Missing(msgspec.Struct):
    code: object = None
    param: object = None


class _Refusal(msgspec.Struct):
    """What is read of an error in OpenAI's form."""

    error: _Missing | None = None


_refusals = msgspec.json.Decoder(_Refusal)

MOST_CALLS = 6
"""Calls that one request makes at most, however many candidates it has."""

NOT_THE_CALLERS_FAULT = frozenset({401, 402, 403, 404, 405, 407, 408, 421, 429})
"""Client errors that say something of our key, our account, our catalog or the upstream's load,
not of the request: another model may answer. Any other 4xx is the caller's own and is passed on."""


def is_callers_own(status: int) -> bool:
    """Whether an upstream's status speaks of the caller's request and of nothing else."""
    return 400 <= status < 500 and status not in NOT_THE_CALLERS_FAULT


def misses_callers_own(status: int, body: bytes, request: RoutedRequest) -> bool:
    """Whether a 404 speaks of what the request goes on with or names, such as an earlier answer or
    a file: no other upstream has it, and the model is well."""
    if status != 404:
        return False
    try:
        error = _refusals.decode(body).error
    except UNREADABLE:
        return False
    if error is None or error.param == "model" or error.code == "model_not_found":
        return False
    return isinstance(error.param, str) or request.state is not None


def is_final(error: UpstreamError) -> bool:
    """Whether an upstream has judged the caller's own request, so that nobody else is asked."""
    return isinstance(error, RefusedInStream) and is_callers_own(error.status)


def seconds_left(trace: Trace) -> float:
    """How long an answer to a request may still take to begin, whoever gives it."""
    return trace.call.read + trace.routed.in_force.catalog.longest_timeout - trace.now()


def tries_of(trace: Trace, model: str, card: ModelCard, last: bool) -> Tries:
    """For the next candidate. Each call that is followed by another is an Attempt of its own."""
    failed_at = 0.0

    def failed(error: UpstreamError) -> None:
        nonlocal failed_at
        failed_at, trace.waiting = trace.now(), True
        trace.attempted(model, card, 0, error)
        observe_failure(trace, model, error)

    def begun() -> None:
        # A wait for the sake of an upstream is none of our own doing.
        trace.upstream_s += trace.now() - failed_at
        trace.waiting = False
        trace.opening(model)

    left = MOST_CALLS - len(trace.attempts)
    return Tries(last, left, lambda: seconds_left(trace), failed, begun)


def observe_failure(trace: Trace, model: str, error: UpstreamError) -> None:
    """Fold a failed call into the statistics, unless it speaks of this very request alone."""
    if isinstance(error, UpstreamRefused) and is_callers_own(error.status):
        trace.release(model)
    else:
        trace.observe(model, ok=False, server_ok=server_ok(error))


def server_ok(error: UpstreamError) -> bool | None:
    """What a fault tells of the server as a whole: that it works, that it does not, or nothing.

    A server that refuses one model, over its rate or for want of memory, may serve another.
    """
    if isinstance(error, UpstreamRefused):
        return True if error.status < 500 else None if error.status == 500 else False
    return False if isinstance(error, UpstreamUnreachable | UpstreamTimeout) else None
