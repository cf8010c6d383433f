"""Whether a request to the dashboard comes from the dashboard, or from another's page.

Rule: what shows or changes this gateway's own affairs is stricter than what calls models. Without
keys it answers on names of this machine's loopback alone, so that no page whose name was pointed
to 127.0.0.1 (DNS rebinding) reads it; and whatever changes something must come from our own page
or from a program, by headers that no page can set.
"""

import ipaddress
from functools import wraps
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.access import Endpoint, caller_of, came_by_cookie
from router.core.access import ANYONE
from router.errors import Forbidden

_SAFE = ("GET", "HEAD")
_OWN = ("same-origin", "none")

_FOREIGN = (
    "Without an API key the dashboard answers on this machine's own names alone, such as"
    " 127.0.0.1 and localhost. Ask for keys with --require-keys to use another name."
)
_NOT_OURS = "This may be asked for from the dashboard's own pages only, or by a program with a key."


def at_home(endpoint: Endpoint) -> Endpoint:
    """The endpoint, refusing what another's web page has sent. Raises Forbidden."""

    @wraps(endpoint)
    async def from_home(request: Request) -> ASGIApp:
        if caller_of(request) is ANYONE and not is_loopback(request.headers.get("host", "")):
            raise Forbidden(_FOREIGN)
        if request.method not in _SAFE and not _is_own(request):
            raise Forbidden(_NOT_OURS)
        return await endpoint(request)

    return from_home


def is_loopback(authority: str) -> bool:
    """Whether `host[:port]` can mean nothing but this machine."""
    try:
        host = urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return False
    if set(authority) & set("@/?#\\"):
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".") == "localhost" or host.rstrip(".").endswith(".localhost")


def _is_own(request: Request) -> bool:
    headers = request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in _OWN
    if origin is not None:
        return origin.partition("://")[2] == headers.get("host")
    # Every browser tells one of them of what changes something; what tells none is a program,
    # and those bring a key with each request.
    return not came_by_cookie(request)
