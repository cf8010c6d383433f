"""Misplaced: what to tell a caller whose base_url has no `/v1`, or has it twice.

Rule: the address is not taken from the request: its Host is whatever a caller says.
"""

from starlette.requests import Request
from starlette.routing import Match
from starlette.types import Scope

ROOT = "/v1"
_SET = "Set base_url to http://host:port/v1."
_ANTHROPICS = "Set base_url to http://host:port: Anthropic's clients put /v1 behind it themselves."


def advice(request: Request) -> str:
    """What is wrong with the base_url that led to a path which is not there; empty if nothing."""
    scope = request.scope
    path: str = scope["path"]
    if path.startswith(f"{ROOT}{ROOT}/"):
        right = path.removeprefix(ROOT)
    elif not path.startswith(f"{ROOT}/"):
        right = f"{ROOT}{path}"
    else:
        return ""
    if not _is_there(scope, right):
        return ""
    twice = path.startswith(ROOT)
    mend = _ANTHROPICS if twice and right.startswith(f"{ROOT}/messages") else _SET
    return f" It is {request.method} {right}{', with one /v1' if twice else ''}. {mend}"


def _is_there(scope: Scope, path: str) -> bool:
    app = scope.get("app")
    routes = app.routes if app is not None else ()
    return any(route.matches({**scope, "path": path})[0] is Match.FULL for route in routes)
