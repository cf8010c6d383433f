"""Rendering: a template and what it shows become a page that runs nothing but our own files.

Rule: everything is escaped; a name that is missing is an error and not a gap; no page holds a
script or a style of its own, so that the policy below can forbid both.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from router import __version__
from router.api.access import caller_of, came_by_cookie
from router.api.state import runtime_of
from router.dashboard import formats
from router.dashboard.assets import assets

if TYPE_CHECKING:
    from jinja2 import Environment

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# Without a referrer for our own pages browsers would call the origin of a form `null`.
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def page(
    request: Request, template: str, context: Mapping[str, Any] | None = None, status: int = 200
) -> Response:
    """A whole page, or only the part that htmx asks for by `part` in the query."""
    shown = {**_around(request), **(context or {})}
    rendered = environment().get_template(template).render(shown)
    return Response(rendered, status, HEADERS, "text/html; charset=utf-8")


@cache
def environment() -> "Environment":
    """The templates, made on first use: importing the engine costs every other command time."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("router.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(formats.FILTERS)
    made.globals["asset"] = assets().__getitem__
    made.globals["version"] = __version__
    made.globals["pairs"] = lambda names: [(name, name) for name in names]
    return made


def _around(request: Request) -> Mapping[str, Any]:
    """What stands around every page."""
    runtime, caller = runtime_of(request), caller_of(request)
    gateway = runtime.gateway
    return {
        "request": request,
        "path": request.scope["path"],
        "query": request.query_params,
        "navigation": request.app.state.navigation,
        "caller": caller,
        "signed_in": came_by_cookie(request),
        "may_call": caller is not None and caller.may("call"),
        "may_administer": caller is not None and caller.may("admin"),
        "policy_in_force": gateway.default.name_at_version,
        "simulated": gateway.simulated,
        "reload_error": runtime.reload.error,
        "with_query": _with_query(request),
    }


def _with_query(request: Request) -> Any:
    """A function: this page's address with some parameters changed; None takes one away."""

    def changed(path: str | None = None, /, **parameters: Any) -> str:
        # Not by the framework's URL, which fails on a query that is no UTF-8.
        gone = {*parameters, "part"}
        kept = [(name, it) for name, it in request.query_params.multi_items() if name not in gone]
        new = [(name, value) for name, value in parameters.items() if value is not None]
        query, page = urlencode([*kept, *new]), path or request.scope["path"]
        return f"{page}?{query}" if query else page

    return changed
