"""POST /v1/chat/completions: routed, passed through, recorded."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.generate import Form, generate
from router.dialects.chat_body import ChatBody

FORM = Form("chat.completions", lambda content, request: ChatBody(content))


async def chat_completions(request: Request) -> ASGIApp:
    """Answer a chat completion from the model that the policy picks."""
    return await generate(request, FORM)
