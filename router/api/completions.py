"""POST /v1/completions: the legacy form of a prompt and its continuation."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.generate import Form, generate
from router.dialects.completions_body import CompletionsBody

FORM = Form("completions", lambda content, request: CompletionsBody(content))


async def completions(request: Request) -> ASGIApp:
    """Answer a completion from the model that the policy picks."""
    return await generate(request, FORM)
