"""Entry: what every request goes through, in this order, before its endpoint sees it.

Rule: one straight way, with as few layers as can be. The framework's middleware, its router and its
error handlers cost a request more than deciding it does, so literal paths are found in one table.
What it does not hold (paths with parameters, HEAD, unknown paths and methods) goes on to the
framework, after the same questions: who asks, and is there room.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from router.api.access import Access, AccessControl, Endpoint, caller_in, demand
from router.api.admission import Admission
from router.api.errors import on_crash, on_http_error, on_router_error
from router.api.outgoing import Outgoing
from router.api.shutdown import cut_short
from router.api.state import RUNTIME
from router.core.access import Caller
from router.errors import RouterError
from router.runtime import Runtime

Refuse = Callable[[Request, Exception], Awaitable[Response]]


class Entry:
    """An ASGI application in front of the framework's.

    `routes` are method, path, endpoint and what it asks of its caller. `refuse` answers those who
    may not pass.
    """

    def __init__(
        self,
        framework: ASGIApp,
        runtime: Runtime,
        routes: Iterable[tuple[str, str, Endpoint, Access]],
        access: AccessControl,
        admission: Admission,
        refuse: Refuse = on_router_error,
    ) -> None:
        self._framework = framework
        self._runtime = runtime
        self._table: Mapping[tuple[str, str], tuple[Endpoint, Access]] = {
            (method, path): (endpoint, access)
            for method, path, endpoint, access in routes
            if "{" not in path
        }
        self._access = access
        self._admission = admission
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, whatever happens meanwhile."""
        if scope["type"] == "lifespan":
            await self._framework(scope, receive, send)
            return
        if scope["type"] != "http":
            # Nobody has been asked who it is: nothing but HTTP is served.
            await WebSocketClose()(scope, receive, send)
            return
        scope[RUNTIME] = self._runtime
        outgoing = Outgoing(send)
        try:
            await self._let_in(scope, receive, outgoing.send)
        except asyncio.CancelledError:
            if self._runtime.accepting:
                raise
            await cut_short(scope, receive, outgoing)
        except Exception as error:
            if not outgoing.begun:
                answer = await on_crash(Request(scope), error)
                await answer(scope, receive, outgoing.send)
            # The server logs it.
            raise

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        unknown = self._access.refusal(scope)
        if unknown is not None:
            refused = await self._refuse(Request(scope), unknown)
            await refused(scope, receive, send)
            return
        caller = caller_in(scope)
        no_room = self._admission.refusal(scope, caller)
        if no_room is not None:
            await no_room(scope, receive, send)
            return
        turn = self._admission.turn(caller, receive)
        try:
            found = self._table.get((scope["method"], scope["path"]))
            if found is None:
                await self._framework(scope, turn.receive, send)
            else:
                request = Request(scope, turn.receive, send)
                answer = await _answer(request, caller, *found)
                await answer(scope, turn.receive, send)
        finally:
            turn.leave()


async def _answer(
    request: Request, caller: Caller | None, endpoint: Endpoint, access: Access
) -> ASGIApp:
    """What an endpoint answers, or what it raises."""
    try:
        demand(caller, access)
        return await endpoint(request)
    except RouterError as error:
        return await on_router_error(request, error)
    except HTTPException as error:
        return await on_http_error(request, error)
