"""Errors in Anthropic's form, for those who call its endpoints: a type by status, no code."""

from typing import Any

import msgspec

from router.answer import UNREADABLE
from router.api.errors import ErrorForm, Words, message_in, said_in

TYPES = {
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
"""Anthropic's error types; any other 4xx is an invalid request, any other 5xx `api_error`."""


def _type(status: int) -> str:
    return TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")


def _object(message: str, status: int, code: object = None, param: object = None) -> bytes:
    # `code` and `param` are none of Anthropic's fields; its SDK hands on what it does not know.
    error: dict[str, Any] = {"type": _type(status), "message": message}
    error |= {name: it for name, it in (("code", code), ("param", param)) if it is not None}
    return msgspec.json.encode({"type": "error", "error": error})


def _body(words: Words) -> bytes:
    said = words.said
    if said is None:
        told = f"{words.param}: {words.message}" if words.param else words.message
        return _object(told, words.status, words.code, words.param)
    return _object(str(said["message"]), words.status, said.get("code"), said.get("param"))


def _passed_on(body: bytes, status: int) -> bytes:
    """An Anthropic error as it came; another form in Anthropic's."""
    try:
        told = msgspec.json.decode(body)
    except UNREADABLE:
        told = None
    said = said_in(body)
    if said is not None and isinstance(told, dict) and told.get("type") == "error":
        return body
    if said is not None:
        return _object(str(said["message"]), status, said.get("code"), said.get("param"))
    return _object(message_in(body, status), status)


ANTHROPIC = ErrorForm(
    _body, lambda words: b"event: error\ndata: " + _body(words) + b"\n\n", _passed_on
)
