"""POST /v1/responses: OpenAI's newer form; state only where the upstream keeps it."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.error_forms import RESPONSES
from router.api.generate import Body, Form, generate
from router.dialects.responses_body import ResponsesBody


def _kept_as(body: Body) -> str | None:
    return body.kept_as if isinstance(body, ResponsesBody) else None


FORM = Form("responses", lambda content, request: ResponsesBody(content), RESPONSES, _kept_as)


async def responses(request: Request) -> ASGIApp:
    """Answer from the model that the policy picks."""
    return await generate(request, FORM)
