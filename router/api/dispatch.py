"""Dispatch: finds the endpoint of a literal path in one look, and answers what it raises.

The framework's router and its two layers of error handlers cost a request as much as deciding it
does. What this table does not hold (paths with parameters, HEAD, unknown paths and methods) goes on
to them.
"""

from collections.abc import Iterable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from router.api.access import Endpoint
from router.api.errors import on_http_error, on_router_error
from router.errors import RouterError


class Dispatch:
    """The innermost ASGI middleware. `endpoints` are method, path and endpoint."""

    def __init__(self, app: ASGIApp, endpoints: Iterable[tuple[str, str, Endpoint]]) -> None:
        self._app = app
        self._endpoints: Mapping[tuple[str, str], Endpoint] = {
            (method, path): endpoint for method, path, endpoint in endpoints if "{" not in path
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        endpoint = None
        if scope["type"] == "http":
            endpoint = self._endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except RouterError as error:
            response = await on_router_error(request, error)
        except HTTPException as error:
            response = await on_http_error(request, error)
        await response(scope, receive, send)
