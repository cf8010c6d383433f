"""The session cookie: a browser cannot send a key with each request, so it shows one once.

The cookie names the key and when it ends, and is signed; what it may do is looked up at every
request, so that a key that was revoked takes its sessions with it. Rule: it opens the dashboard
and what that reads, never /v1: no page of another's can spend money through it.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response

from router.core.access import Caller
from router.keyring import Keyring

NAME = "slm_router_session"
LIFETIME_S = 12 * 3600.0
"""A working day: then the key has to be shown again."""

_LABEL = b"slm-router session cookie v1"
_MOST_CHARACTERS = 1024


class Cookies:
    """Makes and reads session cookies. `secret` is the process's; its use here is its own."""

    def __init__(self, secret: bytes, keyring: Keyring) -> None:
        self._secret = hmac.digest(secret, _LABEL, "sha256")
        self._keyring = keyring

    def value_for(self, caller: Caller, now: float) -> str:
        """The cookie of a caller who has shown a key in force. Raises KeyError without one."""
        found = self._keyring.key_named(caller.name or "")
        if found is None:
            raise KeyError(caller.name)
        until = f"{now + LIFETIME_S:.0f}"
        name = base64.urlsafe_b64encode((caller.name or "").encode()).decode()
        return f"{until}.{name}.{self._signed(until, name, found[0])}"

    def caller_in(self, headers: Iterable[tuple[bytes, bytes]], now: float) -> Caller | None:
        """Who a request's cookie stands for; None if it has none that is in force."""
        value = _sent(headers)
        until, _, rest = value.partition(".")
        name, _, signature = rest.partition(".")
        try:
            key = base64.urlsafe_b64decode(name.encode()).decode()
            if not value or float(until) < now:
                return None
        except (ValueError, binascii.Error):
            return None
        found = self._keyring.key_named(key)
        if found is None:
            return None
        # The key's digest is signed too: another secret under an old name is another key.
        expected = self._signed(until, name, found[0])
        return found[1] if hmac.compare_digest(expected, signature) else None

    def _signed(self, until: str, name: str, digest: bytes) -> str:
        told = b"\n".join((until.encode(), name.encode(), digest))
        return hmac.new(self._secret, told, "sha256").hexdigest()


def give(response: Response, value: str, secure: bool) -> None:
    """Have the browser keep the cookie, out of scripts' reach and for our own pages alone."""
    response.set_cookie(
        NAME,
        value,
        max_age=int(LIFETIME_S),
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )


def take_back(response: Response) -> None:
    """Have the browser forget the cookie."""
    response.delete_cookie(NAME, path="/", httponly=True, samesite="strict")


def _sent(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"cookie" and NAME.encode() in value:
            try:
                morsel = SimpleCookie(value.decode("latin-1")).get(NAME)
            except CookieError:
                return ""
            text = "" if morsel is None else morsel.value
            return text if text.isascii() and len(text) <= _MOST_CHARACTERS else ""
    return ""
