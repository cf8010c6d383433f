"""Which error answers with which status, and the handlers that answer for endpoints which did not.

Rule: an upstream's own words reach the caller where they speak of the caller's request or of load,
never where they speak of our key or our account.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from router import errors
from router.api.error_forms import OPENAI, ErrorForm, Words, error_body, form_of, said_in
from router.api.misplaced import advice
from router.tries import NOT_THE_CALLERS_FAULT, is_callers_own

__all__ = ["STATUS", "answer_of", "error_body", "respond", "words_of"]

_FOR_WHO_WAITS = re.compile(r"retry-after(-ms)?|x-should-retry|x-ratelimit-.*")
"""What of a refusing upstream's headers tells a caller when to come again."""


class Answer(NamedTuple):
    """HTTP status, OpenAI's error type and code."""

    status: int
    type: str
    code: str | None


STATUS: Mapping[type[errors.RouterError], Answer] = {
    errors.InvalidRequest: Answer(400, "invalid_request_error", None),
    errors.BodyTooLarge: Answer(413, "invalid_request_error", "request_too_large"),
    errors.UnknownModel: Answer(404, "invalid_request_error", "model_not_found"),
    errors.UnknownPolicy: Answer(404, "invalid_request_error", "policy_not_found"),
    errors.UnknownDecision: Answer(404, "invalid_request_error", "decision_not_found"),
    errors.UnknownAnswer: Answer(400, "invalid_request_error", "previous_response_not_found"),
    errors.UnknownConversation: Answer(404, "invalid_request_error", "conversation_not_found"),
    errors.UnknownThread: Answer(404, "invalid_request_error", "thread_not_found"),
    errors.Unauthenticated: Answer(401, "invalid_request_error", "invalid_api_key"),
    errors.Forbidden: Answer(403, "invalid_request_error", "insufficient_permissions"),
    errors.Overloaded: Answer(503, "server_error", "overloaded"),
    errors.NoCandidate: Answer(400, "invalid_request_error", "no_candidate"),
    errors.ModelsUnavailable: Answer(503, "server_error", "models_unavailable"),
    errors.UpstreamError: Answer(502, "server_error", "upstream_error"),
    errors.CircuitOpen: Answer(503, "server_error", "models_unavailable"),
    errors.UpstreamUnreachable: Answer(502, "server_error", "upstream_unreachable"),
    errors.UpstreamTimeout: Answer(504, "server_error", "upstream_timeout"),
    errors.UpstreamRefused: Answer(502, "server_error", "upstream_refused"),
    errors.RefusedInStream: Answer(502, "server_error", "upstream_refused"),
    errors.UpstreamBroken: Answer(502, "server_error", "upstream_broken"),
    errors.PolicyFileError: Answer(500, "server_error", "policy_error"),
    errors.DecisionLogError: Answer(500, "server_error", "decision_log_error"),
    errors.KeyStoreError: Answer(500, "server_error", "key_store_error"),
    errors.StartupError: Answer(500, "server_error", "startup_error"),
    errors.RouterError: Answer(500, "server_error", "internal_error"),
    errors.CallerLeft: Answer(499, "invalid_request_error", "caller_left"),
}

_BETWEEN_US = NOT_THE_CALLERS_FAULT - {408, 429}
"""Refusals of our key, our account or our catalog's names: nothing that a caller could act on."""

_OVERLOADED = {
    429: (429, "rate_limit_error"),
    503: (503, "server_error"),
    529: (503, "server_error"),
}


def answer_of(error: errors.RouterError) -> Answer:
    """How an error is answered: by its own row, else by that of its nearest ancestor."""
    row = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    if isinstance(error, errors.UpstreamRefused):
        if error.status in _OVERLOADED:
            return Answer(*_OVERLOADED[error.status], row.code)
        if is_callers_own(error.status):
            return Answer(error.status, "invalid_request_error", row.code)
    return row


def words_of(error: errors.RouterError) -> Words:
    """What is told of an error: our words, or the provider's where they are for the caller."""
    row, said = answer_of(error), None
    between_us = isinstance(error, errors.UpstreamRefused) and error.status in _BETWEEN_US
    if isinstance(error, errors.UpstreamRefused | errors.UpstreamBroken) and not between_us:
        said = said_in(error.body)
    param = getattr(error, "param", None)
    return Words(row.status, str(error), row.type, row.code, param, said)


def respond(
    error: errors.RouterError,
    headers: Mapping[str, str] | None = None,
    form: ErrorForm = OPENAI,
) -> Response:
    """The whole answer to an error of ours."""
    told = dict(headers or {})
    if isinstance(error, errors.ModelsUnavailable | errors.Overloaded | errors.CircuitOpen):
        told["retry-after"] = str(max(1, round(error.retry_after_s)))
    if isinstance(error, errors.Unauthenticated):
        told["www-authenticate"] = "Bearer"
    if isinstance(error, errors.UpstreamRefused) and error.status not in _BETWEEN_US:
        waits = {name: it for name, it in error.headers.items() if _FOR_WHO_WAITS.fullmatch(name)}
        told = {**waits, **told}
    words = words_of(error)
    return Response(form.body(words), words.status, told, "application/json")


async def on_router_error(request: Request, error: Exception) -> Response:
    """Handler for our own errors."""
    assert isinstance(error, errors.RouterError)
    return respond(error, form=form_of(request.scope))


async def on_http_error(request: Request, error: Any) -> Response:
    """Handler for what the framework refuses: unknown paths, wrong methods."""
    path = request.scope["path"]
    message = f"{HTTPStatus(error.status_code).phrase}."
    if error.status_code == 404:
        message = f"There is no {request.method} {path}.{advice(request)}"
    elif error.status_code == 405:
        message = f"{path} takes no {request.method}."
    words = Words(error.status_code, message, "invalid_request_error", None)
    body = form_of(request.scope).body(words)
    return Response(body, words.status, error.headers, "application/json")


async def on_crash(request: Request, error: Exception) -> Response:
    """Handler for our own mistakes: the caller learns that it was us, and nothing else."""
    told = "The gateway failed to handle the request."
    words = Words(500, told, "server_error", "internal_error")
    body = form_of(request.scope).body(words)
    return Response(body, 500, media_type="application/json")
