"""Who may use which route. Every route is closed unless it is declared open.

Rule: who asks is found before anything else is looked at, for every path, known or not; what a
route asks for stands beside it in ROUTES. Paths are `scope["path"]`, which the server read from
the request line, never a URL put together with the Host header (CVE-2026-49468).
"""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal

from starlette.requests import Request
from starlette.types import ASGIApp, Scope

from router.api.cookie import Cookies
from router.api.locality import refuse_strangers
from router.core.access import ANYONE, Caller, Role
from router.errors import Forbidden, RouterError, Unauthenticated
from router.keyring import PREFIX, Keyring
from router.runtime import Runtime

Access = Role | Literal["open"]
"""What a route asks of its caller: a role, or nothing at all."""

Endpoint = Callable[[Request], Awaitable[ASGIApp]]
"""Takes a request and gives what sends its answer: mostly a Response."""

_PREFIX = PREFIX.encode()
_CALLER = "slm_router.caller"
_BY_COOKIE = "slm_router.by_cookie"
_WITHOUT_COOKIES = ("/v1/", "/metrics")
_MISSING = "You did not provide an API key. Send Authorization: Bearer <key>, or x-api-key: <key>."
_WRONG = "The API key that you provided is not in force."
_SEVERAL = "You provided several API keys. Send one."


class AccessControl:
    """Lets nobody pass unknown, except to the open paths."""

    def __init__(self, runtime: Runtime, open_paths: frozenset[str]) -> None:
        self._keyring = runtime.keyring
        self._cookies = Cookies(runtime.session_key, runtime.keyring)
        self._required = runtime.settings.require_keys
        self._open = open_paths

    def refusal(self, scope: Scope) -> RouterError | None:
        """Why a request may not pass. Else None, and from now on the scope tells who asks."""
        try:
            scope[_CALLER] = self._signed_in(scope) or identified(
                scope["headers"], self._keyring, self._required
            )
        except RouterError as error:
            return None if scope["path"] in self._open else error
        return None

    def _signed_in(self, scope: Scope) -> Caller | None:
        """Who a browser's session is of; a key that is shown beside it counts instead."""
        headers = scope["headers"]
        if scope["path"].startswith(_WITHOUT_COOKIES) or _keys(headers):
            return None
        caller = self._cookies.caller_in(headers, time.time())
        scope[_BY_COOKIE] = caller is not None
        return caller


def identified(headers: Iterable[tuple[bytes, bytes]], keyring: Keyring, required: bool) -> Caller:
    """Who sent a request with these headers. Raises Unauthenticated or Forbidden.

    Without `required` whoever shows none of our keys is let in, if it is not another's web page.
    """
    keys = _keys(headers)
    if keys:
        key = keys[0]
        if len(keys) > 1 and len(set(keys)) > 1:
            raise Unauthenticated(_SEVERAL)
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
    caller: Caller | None = request.scope.get(_CALLER)
    return None if caller is None else caller.name


def demand(caller: Caller | None, access: Access) -> None:
    """Raises Forbidden if the caller has not what a route asks for."""
    if access != "open" and (caller is None or not caller.may(access)):
        raise Forbidden(f"This needs an API key with the role {access}.")


def guarded(endpoint: Endpoint, access: Access) -> Endpoint:
    """An endpoint that answers only those who have the role."""
    if access == "open":
        return endpoint

    async def for_the_role(request: Request) -> ASGIApp:
        demand(caller_of(request), access)
        return await endpoint(request)

    return for_the_role


def _keys(headers: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """The keys that a request shows, as OpenAI's clients do and as Anthropic's do."""
    keys = []
    for name, value in headers:
        if name == b"authorization":
            scheme, _, key = value.strip().partition(b" ")
            if scheme.lower() == b"bearer" and key.strip():
                keys.append(key.strip())
        elif name == b"x-api-key" and value.strip():
            keys.append(value.strip())
    return keys
