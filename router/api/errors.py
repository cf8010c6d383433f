"""Which error answers with which status, and the one form every error takes: OpenAI's."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router import errors
from router.answer import UNREADABLE
from router.exchange import is_callers_own


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
    errors.Unauthenticated: Answer(401, "invalid_request_error", "invalid_api_key"),
    errors.Forbidden: Answer(403, "invalid_request_error", "insufficient_permissions"),
    errors.Overloaded: Answer(503, "server_error", "overloaded"),
    errors.NoCandidate: Answer(400, "invalid_request_error", "no_candidate"),
    errors.ModelsUnavailable: Answer(503, "server_error", "models_unavailable"),
    errors.UpstreamError: Answer(502, "server_error", "upstream_error"),
    errors.UpstreamUnreachable: Answer(502, "server_error", "upstream_unreachable"),
    errors.UpstreamTimeout: Answer(504, "server_error", "upstream_timeout"),
    errors.UpstreamRefused: Answer(502, "server_error", "upstream_refused"),
    errors.UpstreamBroken: Answer(502, "server_error", "upstream_broken"),
    errors.PolicyFileError: Answer(500, "server_error", "policy_error"),
    errors.DecisionLogError: Answer(500, "server_error", "decision_log_error"),
    errors.KeyStoreError: Answer(500, "server_error", "key_store_error"),
    errors.StartupError: Answer(500, "server_error", "startup_error"),
    errors.RouterError: Answer(500, "server_error", "internal_error"),
    errors.CallerLeft: Answer(499, "invalid_request_error", "caller_left"),
}

_BETWEEN_US = frozenset({401, 403, 404})
"""Refusals of our key or of our catalog's names: nothing that a caller could act on."""

_OVERLOADED = {
    429: (429, "rate_limit_error"),
    503: (503, "server_error"),
    529: (503, "server_error"),
}


def error_body(message: str, type: str, code: str | None, param: str | None = None) -> bytes:
    """OpenAI's error object as JSON."""
    error = {"message": message, "type": type, "param": param, "code": code}
    return msgspec.json.encode({"error": error})


def answer_of(error: errors.RouterError) -> Answer:
    """How an error is answered: by its own row, else by that of its nearest ancestor."""
    row = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    if isinstance(error, errors.UpstreamRefused):
        if error.status in _OVERLOADED:
            return Answer(*_OVERLOADED[error.status], row.code)
        if is_callers_own(error.status):
            return Answer(error.status, "invalid_request_error", row.code)
    return row


def error_json(error: errors.RouterError) -> bytes:
    """An error as OpenAI's error object: ours, or the provider's own words where they are meant
    for the caller."""
    row = answer_of(error)
    if isinstance(error, errors.UpstreamRefused) and error.status not in _BETWEEN_US:
        said = _said(error.body)
        if said is not None:
            return msgspec.json.encode({"error": {"type": row.type, "param": None} | said})
    return error_body(str(error), row.type, row.code, getattr(error, "param", None))


def _said(body: bytes) -> dict[str, Any] | None:
    """The error object of a provider's answer, if it is one in OpenAI's form."""
    try:
        error = msgspec.json.decode(body)["error"]
    except (*UNREADABLE, TypeError, KeyError, IndexError):
        return None
    return error if isinstance(error, dict) and isinstance(error.get("message"), str) else None


def respond(error: errors.RouterError, headers: Mapping[str, str] | None = None) -> Response:
    """The whole answer to an error of ours."""
    told = dict(headers or {})
    if isinstance(error, errors.ModelsUnavailable | errors.Overloaded):
        told["retry-after"] = str(max(1, round(error.retry_after_s)))
    if isinstance(error, errors.Unauthenticated):
        told["www-authenticate"] = "Bearer"
    if isinstance(error, errors.UpstreamRefused) and "retry-after" in error.headers:
        told["retry-after"] = error.headers["retry-after"]
    return Response(error_json(error), answer_of(error).status, told, "application/json")


async def on_router_error(request: Request, error: Exception) -> Response:
    """Handler for our own errors."""
    assert isinstance(error, errors.RouterError)
    return respond(error)


async def on_http_error(request: Request, error: Any) -> Response:
    """Handler for what the framework refuses: unknown paths, wrong methods."""
    if error.status_code == 404:
        message = f"There is no {request.method} {request.scope['path']}."
    else:
        message = f"{HTTPStatus(error.status_code).phrase}."
    body = error_body(message, "invalid_request_error", None)
    return Response(body, error.status_code, error.headers, "application/json")


async def on_crash(request: Request, error: Exception) -> Response:
    """Handler for our own mistakes: the caller learns that it was us, and nothing else."""
    body = error_body("The gateway failed to handle the request.", "server_error", "internal_error")
    return Response(body, 500, media_type="application/json")
