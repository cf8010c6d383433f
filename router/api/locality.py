"""Whether a request without a key comes from this machine's user, or from a web page it visits.

Rule: a gateway that asks for no key listens on loopback, where browsers reach it too. A page of
another's could spend money there with a plain form, and read the answers once its own name points
to 127.0.0.1 (DNS rebinding). A browser tells both by headers that no page can change.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from router.errors import Forbidden

_PRIVATE_NAMES = (".localhost", ".local", ".internal")
"""Domains that nobody can register, so that no page can come from there to here."""

_TOLD = (
    "Without an API key this gateway answers on names of this machine only, and to no other's web"
    " pages; the header {} says otherwise. Make a key with slm-router keys create, and send it."
)


def refuse_strangers(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raises Forbidden for a request under a public name, or from another's page."""
    for name, value in headers:
        if name == b"host" and not _is_private_host(value):
            raise Forbidden(_TOLD.format("Host"))
        if name == b"origin" and not _is_private_origin(value):
            raise Forbidden(_TOLD.format("Origin"))


@lru_cache(maxsize=256)
def _is_private_host(value: bytes) -> bool:
    return _is_private(value.decode("latin-1"))


@lru_cache(maxsize=256)
def _is_private_origin(value: bytes) -> bool:
    """Apps that are no pages (`vscode-webview://...`) name themselves by other schemes."""
    scheme, _, authority = value.decode("latin-1").partition("://")
    if scheme.lower() in ("http", "https"):
        return _is_private(authority)
    return bool(authority)


def _is_private(authority: str) -> bool:
    """Whether `host[:port]` is an address, or a name that no public one can be."""
    try:
        host = urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return False
    if authority.strip() and (not host or "@" in authority or set(authority) & set("/?#\\")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host.rstrip(".") or host.rstrip(".").endswith(_PRIVATE_NAMES)
    return True
