"""Which error answers with which status, and the form that it takes there: OpenAI's, or the form
of the endpoint that was called."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router import errors
from router.answer import UNREADABLE
from router.exchange import NOT_THE_CALLERS_FAULT, is_callers_own

PASSED_ON = re.compile(r"retry-after(-ms)?|x-should-retry|x-ratelimit-.*|x-upstream-request-id")
"""What of a refusing upstream's headers tells a caller how to go on."""


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
    errors.NoCandidate: Answer(400, "invalid_request_error", "no_candidate"),
    errors.ModelsUnavailable: Answer(503, "server_error", "models_unavailable"),
    errors.UpstreamError: Answer(502, "server_error", "upstream_error"),
    errors.UpstreamUnreachable: Answer(502, "server_error", "upstream_unreachable"),
    errors.UpstreamTimeout: Answer(504, "server_error", "upstream_timeout"),
    errors.UpstreamRefused: Answer(502, "server_error", "upstream_refused"),
    errors.RefusedInStream: Answer(502, "server_error", "upstream_refused"),
    errors.UpstreamBroken: Answer(502, "server_error", "upstream_broken"),
    errors.PolicyFileError: Answer(500, "server_error", "policy_error"),
    errors.DecisionLogError: Answer(500, "server_error", "decision_log_error"),
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


class Words(NamedTuple):
    """What is told of an error, whatever its form: `said` is the upstream's own error object."""

    status: int
    message: str
    type: str
    code: str | None
    param: str | None
    said: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """How errors are written: as a body, as an event of a stream that has begun, and how the body
    of an upstream that refused the caller's own request is passed on."""

    body: Callable[[Words], bytes]
    event: Callable[[Words], bytes]
    passed_on: Callable[[bytes, int], bytes]


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
    row = answer_of(error)
    said = None
    between_us = isinstance(error, errors.UpstreamRefused) and error.status in _BETWEEN_US
    if isinstance(error, errors.UpstreamRefused | errors.UpstreamBroken) and not between_us:
        said = said_in(error.body)
    param = getattr(error, "param", None)
    return Words(row.status, str(error), row.type, row.code, param, said)


def said_in(body: bytes) -> dict[str, Any] | None:
    """The error object of a provider's answer, if it is one in OpenAI's form or Anthropic's."""
    try:
        error = msgspec.json.decode(body)["error"]
    except (*UNREADABLE, TypeError, KeyError, IndexError):
        return None
    return error if isinstance(error, dict) and isinstance(error.get("message"), str) else None


def error_body(message: str, type: str, code: str | None, param: str | None = None) -> bytes:
    """OpenAI's error object as JSON."""
    error = {"message": message, "type": type, "param": param, "code": code}
    return msgspec.json.encode({"error": error})


def _openai(words: Words) -> bytes:
    if words.said is None:
        return error_body(words.message, words.type, words.code, words.param)
    return msgspec.json.encode({"error": {"type": words.type, "param": None} | dict(words.said)})


def _openai_passed_on(body: bytes, status: int) -> bytes:
    """An OpenAI error as it came; another form in OpenAI's."""
    said = said_in(body)
    if said is not None and {"type", "code", "param"} & said.keys():
        return body
    told = str(said["message"]) if said else message_in(body, status)
    return error_body(told, "invalid_request_error", "upstream_refused")


def message_in(body: bytes, status: int) -> str:
    """What an error of no known form says: what FastAPI and older servers have, else its status."""
    try:
        told = msgspec.json.decode(body)
    except UNREADABLE:
        told = None
    for name in ("message", "detail", "error"):
        if isinstance(told, dict) and isinstance(told.get(name), str):
            return str(told[name])
    return f"The upstream answered with status {status}."


OPENAI = ErrorForm(_openai, lambda words: b"data: " + _openai(words) + b"\n\n", _openai_passed_on)


def respond(
    error: errors.RouterError,
    headers: Mapping[str, str] | None = None,
    form: ErrorForm = OPENAI,
) -> Response:
    """The whole answer to an error of ours."""
    told = dict(headers or {})
    if isinstance(error, errors.ModelsUnavailable):
        told["retry-after"] = str(max(1, round(error.retry_after_s)))
    if isinstance(error, errors.UpstreamRefused) and error.status not in _BETWEEN_US:
        kept = {name: it for name, it in error.headers.items() if PASSED_ON.fullmatch(name)}
        told = {**kept, **told}
    words = words_of(error)
    return Response(form.body(words), words.status, told, "application/json")


def http_error(request: Request, status: int) -> Words:
    """What is told of a request that the framework refuses: unknown paths, wrong methods."""
    message = f"{HTTPStatus(status).phrase}."
    if status in (404, 405):
        verb = "is no" if status == 404 else "takes no"
        path = request.scope["path"]
        message = f"{path} {verb} {request.method}." if status == 405 else ""
        message = message or f"There is no {request.method} {path}."
    return Words(status, message, "invalid_request_error", None, None)


def crash() -> Words:
    """What is told of our own mistakes: that it was us, and nothing else."""
    told = "The gateway failed to handle the request."
    return Words(500, told, "server_error", "internal_error", None)
