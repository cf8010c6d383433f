"""POST /v1/chat/completions: routed, passed through, recorded."""

from starlette.requests import Request
from starlette.responses import Response

from router.api.generate import Form, generate
from router.dialects.chat_body import ChatBody

FORM = Form("chat.completions", lambda content, headers: ChatBody(content))


async def chat_completions(request: Request) -> Response:
    """Answer a chat completion from the model that the policy picks."""
    return await generate(request, FORM)
