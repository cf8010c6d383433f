"""POST /v1/messages and /v1/messages/count_tokens: Anthropic's form, in and out."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from router.api.error_forms import ANTHROPIC
from router.api.generate import Body, Form, ask, facts_of, generate, received_from
from router.api.headers import decision_headers
from router.api.request_id import ANTHROPICS_NAME, new_id
from router.api.state import runtime_of
from router.dialects.messages_body import CountTokensBody, MessagesBody


def _kept_as(body: Body) -> str | None:
    return body.kept_as if isinstance(body, MessagesBody) else None


FORM = Form(
    "messages",
    lambda content, it: MessagesBody(content, it.headers),
    ANTHROPIC,
    _kept_as,
    ANTHROPICS_NAME,
)
COUNT = Form(
    "messages.count_tokens",
    lambda content, it: CountTokensBody(content, it.headers),
    ANTHROPIC,
    id_header=ANTHROPICS_NAME,
)
ESTIMATED = "x-slm-router-estimated"


async def messages(request: Request) -> ASGIApp:
    """Answer from the model that the policy picks."""
    return await generate(request, FORM)


async def count_tokens(request: Request) -> ASGIApp:
    """How many tokens a message would take, by the count of the model that would answer it.

    Where its upstream cannot tell, by our estimate, and the answer's headers say so.
    """
    received = await received_from(request)
    facts = facts_of(request, CountTokensBody(received.content, request.headers))
    routed = await runtime_of(request).gateway.route(facts, new_id())
    choice = routed.decision.choice
    if choice is not None and "messages" in routed.in_force.catalog.speaks(choice.model):
        return await ask(request, COUNT, received)
    headers = {**decision_headers(routed), ESTIMATED: "true"}
    content = msgspec.json.encode({"input_tokens": facts.input_tokens})
    return Response(content, 200, headers, "application/json")
