"""Who may use which route. Every route is closed unless it is declared open.

Rule: who asks is found before anything else is looked at, for every path, known or not; what a
route asks for stands beside it in ROUTES. Paths are `scope["path"]`, which the server read from
the request line, never a URL put together with the Host header (CVE-2026-49468).
"""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from router.api.cookie import Cookies
from router.api.errors import on_router_error
from router.api.locality import refuse_strangers
from router.core.access import ANYONE, Caller, Role
from router.errors import Forbidden, RouterError, Unauthenticated
from router.keyring import PREFIX, Keyring
from router.runtime import Runtime

Access = Role | Literal["open"]
"""What a route asks of its caller: a role, or nothing at all."""

Endpoint = Callable[[Request], Awaitable[Response]]

_PREFIX = PREFIX.encode()
_CALLER = "slm_router.caller"
_BY_COOKIE = "slm_router.by_cookie"
_WITHOUT_COOKIES = ("/v1/", "/metrics")
_MISSING = "You did not provide an API key. Send Authorization: Bearer <key>, or x-api-key: <key>."
_WRONG = "The API key that you provided is not in force."
_SEVERAL = "You provided several API keys. Send one."


class AccessControl:
    """ASGI middleware that lets nobody pass unknown, except to the open paths.

    `refuse` answers those who may not pass.
    """

    def __init__(
        self,
        app: ASGIApp,
        runtime: Runtime,
        open_paths: frozenset[str],
        refuse: Callable[[Request, Exception], Awaitable[Response]] = on_router_error,
    ) -> None:
        self._app = app
        self._keyring = runtime.keyring
        self._cookies = Cookies(runtime.session_key, runtime.keyring)
        self._required = runtime.settings.require_keys
        self._open = open_paths
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks; pass on, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            scope[_CALLER] = self._signed_in(scope) or identified(
                scope["headers"], self._keyring, self._required
            )
        except RouterError as error:
            if scope["path"] not in self._open:
                answer = await self._refuse(Request(scope), error)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _signed_in(self, scope: Scope) -> Caller | None:
        """Who a browser's session is of; a key that is shown beside it counts instead."""
        headers = scope["headers"]
        if scope["path"].startswith(_WITHOUT_COOKIES) or any(_keys(headers)):
            return None
        caller = self._cookies.caller_in(headers, time.time())
        scope[_BY_COOKIE] = caller is not None
        return caller


def identified(headers: Iterable[tuple[bytes, bytes]], keyring: Keyring, required: bool) -> Caller:
    """Who sent a request with these headers. Raises Unauthenticated or Forbidden.

    Without `required` whoever shows none of our keys is let in, if it is not another's web page.
    """
    keys = frozenset(_keys(headers))
    if len(keys) > 1:
        raise Unauthenticated(_SEVERAL)
    for key in keys:
        caller = keyring.caller_of(key)
        if caller is not None:
            return caller
        if required or key.startswith(_PREFIX):
            raise Unauthenticated(_WRONG)
    if required:
        raise Unauthenticated(_MISSING)
    refuse_strangers(headers)
    return ANYONE


def caller_of(request: Request) -> Caller | None:
    """Who sent a request; None on an open route for one who may be anybody."""
    return caller_in(request.scope)


def caller_in(scope: Scope) -> Caller | None:
    """As `caller_of`, where there is no Request yet."""
    caller: Caller | None = scope.get(_CALLER)
    return caller


def came_by_cookie(request: Request) -> bool:
    """Whether a browser's session let the request in, not a key of its own."""
    return bool(request.scope.get(_BY_COOKIE))


def key_name_of(request: Request) -> str | None:
    """The name of the key that a request came with, as the decision log keeps it."""
    caller = caller_of(request)
    return None if caller is None else caller.name


def guarded(endpoint: Endpoint, access: Access) -> Endpoint:
    """An endpoint that answers only those who have the role."""
    if access == "open":
        return endpoint

    async def for_the_role(request: Request) -> Response:
        caller = caller_of(request)
        if caller is None or not caller.may(access):
            raise Forbidden(f"This needs an API key with the role {access}.")
        return await endpoint(request)

    return for_the_role


def _keys(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[bytes]:
    """The keys that a request shows, as OpenAI's clients do and as Anthropic's do."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, key = value.strip().partition(b" ")
            if scheme.lower() == b"bearer" and key.strip():
                yield key.strip()
        elif name == b"x-api-key" and value.strip():
            yield value.strip()
