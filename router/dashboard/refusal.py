"""Refusal: an error as a page, for those who look; programs get OpenAI's form as everywhere."""

from functools import wraps

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from router.api.access import Endpoint
from router.api.errors import on_router_error, words_of
from router.dashboard.login import login_page
from router.dashboard.rendering import page
from router.errors import RouterError, Unauthenticated


def told_as_page(endpoint: Endpoint) -> Endpoint:
    """The endpoint, whose refusals a browser shows as a page."""

    @wraps(endpoint)
    async def told(request: Request) -> ASGIApp:
        try:
            return await endpoint(request)
        except RouterError as error:
            return await refuse(request, error)

    return told


async def refuse(request: Request, error: Exception) -> Response:
    """How whoever may not pass is answered; whether the path exists makes no difference."""
    assert isinstance(error, RouterError)
    if not _looks(request):
        return await on_router_error(request, error)
    if isinstance(error, Unauthenticated):
        return login_page(request)
    words = words_of(error)
    told = {"status": words.status, "message": words.message, "field": words.param}
    return page(request, "refused.html", told, words.status)


def _looks(request: Request) -> bool:
    """Whether a person's browser asks for a page."""
    is_api = request.scope["path"].startswith(("/v1/", "/api/"))
    return "text/html" in request.headers.get("accept", "") and not is_api
