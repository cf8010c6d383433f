"""Handlers of what no endpoint answered itself, each in the form of the endpoint called."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from router import errors
from router.api.anthropic_errors import ANTHROPIC
from router.api.errors import OPENAI, ErrorForm, crash, http_error, respond

ANTHROPICS = "/v1/messages"


def form_of(path: str) -> ErrorForm:
    """The form of error that the callers of a path expect."""
    ours = path == ANTHROPICS or path.startswith(f"{ANTHROPICS}/")
    return ANTHROPIC if ours else OPENAI


async def on_router_error(request: Request, error: Exception) -> Response:
    """Handler for our own errors."""
    assert isinstance(error, errors.RouterError)
    return respond(error, form=form_of(request.scope["path"]))


async def on_http_error(request: Request, error: Any) -> Response:
    """Handler for what the framework refuses."""
    words = http_error(request, error.status_code)
    body = form_of(request.scope["path"]).body(words)
    return Response(body, words.status, error.headers, "application/json")


async def on_crash(request: Request, error: Exception) -> Response:
    """Handler for our own mistakes."""
    words = crash()
    body = form_of(request.scope["path"]).body(words)
    return Response(body, words.status, media_type="application/json")
