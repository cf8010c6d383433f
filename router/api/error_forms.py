"""The forms that errors take: OpenAI's everywhere, Anthropic's on the endpoints that are its own.

Rule: a form is three functions; what is told is the same in all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from starlette.types import Scope

from router.answer import UNREADABLE
from router.core.session import THREAD

ANTHROPICS = "/v1/messages"

ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Any other 4xx is an invalid request there, any other 5xx an `api_error`."""


class Words(NamedTuple):
    """What is told of an error, whatever its form: `said` is the upstream's own error object."""

    status: int
    message: str
    type: str
    code: str | None
    param: str | None = None
    said: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ErrorForm:
    """How errors are written: as a body, as an event of a stream that has begun, and how the body
    of an upstream that refused the caller's own request (with which status) is passed on."""

    body: Callable[[Words], bytes]
    event: Callable[[Words], bytes]
    passed_on: Callable[[bytes, int], bytes]


def form_of(scope: Scope) -> ErrorForm:
    """The form of error that a caller expects: by the path, else by the header that Anthropic's
    clients always send."""
    path: str = scope["path"]
    if path == ANTHROPICS or path.startswith(f"{ANTHROPICS}/"):
        return ANTHROPIC
    is_anthropics = any(name == b"anthropic-version" for name, _ in scope["headers"])
    return ANTHROPIC if is_anthropics else OPENAI


def error_body(message: str, type: str, code: str | None, param: str | None = None) -> bytes:
    """OpenAI's error object as JSON."""
    error = {"message": message, "type": type, "param": param, "code": code}
    return msgspec.json.encode({"error": error})


def said_in(body: bytes) -> dict[str, Any] | None:
    """The error object of a provider's answer, if it is one in OpenAI's form or Anthropic's."""
    told = _decoded(body)
    error = told.get("error") if isinstance(told, dict) else None
    return error if isinstance(error, dict) and isinstance(error.get("message"), str) else None


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except UNREADABLE:
        return None


def _message_in(body: bytes, status: int) -> str:
    """What an error of no known form says: as FastAPI and older servers do, else its status."""
    told = _decoded(body)
    for name in ("message", "detail", "error"):
        if isinstance(told, dict) and isinstance(told.get(name), str):
            return str(told[name])
    return f"The upstream answered with status {status}."


def _openai(words: Words) -> bytes:
    if words.said is None:
        return error_body(words.message, words.type, words.code, words.param)
    return msgspec.json.encode({"error": {"type": words.type, "param": None} | dict(words.said)})


def _openai_event(words: Words) -> bytes:
    return b"data: " + _openai(words) + b"\n\n"


def _openai_passed_on(body: bytes, status: int) -> bytes:
    """An error in OpenAI's form as it came, another in OpenAI's."""
    if said_in(body) is not None and _decoded(body).get("type") != "error":
        return body
    said = said_in(body)
    told = str(said["message"]) if said else _message_in(body, status)
    return error_body(told, "invalid_request_error", "upstream_refused")


def _responses_event(words: Words) -> bytes:
    """As an event of the responses API: the fields of its `error` event, and the object that its
    clients look for."""
    error = msgspec.json.decode(_openai(words))["error"]
    told = {name: error.get(name) for name in ("code", "message", "param")}
    event = {"type": "error", **told, "error": error}
    return b"event: error\ndata: " + msgspec.json.encode(event) + b"\n\n"


def _anthropic_object(message: str, status: int, code: Any = None, param: Any = None) -> bytes:
    kind = ANTHROPIC_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    details = {"error_code": code} if code == "thread_not_found" else None
    if code == "no_candidate" and param == THREAD:
        details = {"error_code": "thread_unsupported_request", "unsupported": [THREAD]}
    # `code` and `param` are none of Anthropic's fields; its clients hand on what they do not know.
    told = (("code", code), ("param", param), ("details", details))
    extra = {name: it for name, it in told if it is not None}
    return msgspec.json.encode(
        {"type": "error", "error": {"type": kind, "message": message, **extra}}
    )


def _anthropic(words: Words) -> bytes:
    said = words.said
    if said is not None:
        return _anthropic_object(
            str(said["message"]), words.status, said.get("code"), said.get("param")
        )
    told = f"{words.param}: {words.message}" if words.param else words.message
    return _anthropic_object(told, words.status, words.code, words.param)


def _anthropic_event(words: Words) -> bytes:
    return b"event: error\ndata: " + _anthropic(words) + b"\n\n"


def _anthropic_passed_on(body: bytes, status: int) -> bytes:
    """An error in Anthropic's form as it came, another in Anthropic's."""
    said = said_in(body)
    if said is None:
        return _anthropic_object(_message_in(body, status), status)
    if _decoded(body).get("type") == "error":
        return body
    return _anthropic_object(str(said["message"]), status, said.get("code"), said.get("param"))


OPENAI = ErrorForm(_openai, _openai_event, _openai_passed_on)
RESPONSES = ErrorForm(_openai, _responses_event, _openai_passed_on)
ANTHROPIC = ErrorForm(_anthropic, _anthropic_event, _anthropic_passed_on)
