"""The way in where keys are asked for: a key is shown once, and a session cookie given for it."""

import time
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.api.access import caller_of
from router.api.caller import body_of
from router.api.cookie import Cookies, give, take_back
from router.api.state import runtime_of
from router.dashboard.rendering import HEADERS, page

LOGIN = "/login"
MOST_BYTES = 4096


async def show_login(request: Request) -> Response:
    """The form; whoever is in already is led on."""
    caller = caller_of(request)
    if caller is not None and caller.may("read"):
        return _led_to(request.query_params.get("next", "/"))
    return page(request, "login.html", _form(request.query_params.get("next", "/")))


async def sign_in(request: Request) -> Response:
    """A session for a key in force that may look at the dashboard."""
    form = parse_qs((await body_of(request, MOST_BYTES)).decode("utf-8", "replace"))
    key, wanted = form.get("key", [""])[0].strip(), form.get("next", ["/"])[0]
    runtime = runtime_of(request)
    caller = runtime.keyring.caller_of(key.encode())
    if caller is None or not caller.may("read"):
        told = "That key is not in force." if caller is None else "That key lacks the role read."
        return page(request, "login.html", _form(wanted, told), 403)
    cookies = Cookies(runtime.session_key, runtime.keyring)
    response = _led_to(wanted)
    give(response, cookies.value_for(caller, time.time()), _is_secure(request))
    return response


async def sign_out(request: Request) -> Response:
    """The end of a session."""
    response = _led_to(LOGIN)
    take_back(response)
    return response


def login_page(request: Request) -> Response:
    """The form in place of a page, or of a path that may not even exist."""
    refused = page(request, "login.html", _form(request.scope["path"]), 401)
    # A part of a page that is asked for by script must not be replaced by a form.
    refused.headers["hx-refresh"] = "true"
    return refused


def _form(wanted: str, told: str = "") -> dict[str, str]:
    return {"next": _own(wanted), "told": told}


def _led_to(path: str) -> Response:
    return RedirectResponse(_own(path), 303, HEADERS)


def _own(path: str) -> str:
    """The path, if it is one of ours: browsers take `//host` and `/\\host` for another's."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own else "/"


def _is_secure(request: Request) -> bool:
    """Whether the browser speaks TLS, to us or to the proxy in front of us."""
    return "https" in (request.scope["scheme"], request.headers.get("x-forwarded-proto"))
