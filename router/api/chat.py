"""POST /v1/chat/completions: routed, passed through, recorded."""

import asyncio
import secrets
import time

from starlette.requests import Request
from starlette.responses import Response

from router.api.access import key_name_of
from router.api.caller import body_of, unless_caller_leaves
from router.api.chat_body import ChatBody
from router.api.errors import answer_of, respond
from router.api.freedom import limits_of
from router.api.headers import exchange_headers
from router.api.session import session_of
from router.api.sse import EventStream
from router.api.state import runtime_of
from router.errors import RouterError
from router.exchange import Exchange
from router.gateway import Call


def new_id() -> str:
    """A decision id: sorts by time of arrival, and cannot be guessed."""
    return f"dec_{time.time_ns() // 1_000_000:011x}{secrets.token_hex(8)}"


async def chat_completions(request: Request) -> Response:
    """Answer a chat completion from the model that the policy picks."""
    runtime = runtime_of(request)
    gateway = runtime.gateway
    received = gateway.clock.elapsed()
    content = await body_of(request, runtime.settings.max_body_bytes)
    read = gateway.clock.elapsed()
    body = ChatBody(content)
    facts = body.request(limits_of(request.headers.items()), session_of(request, body.user))
    call = Call(
        id=new_id(),
        endpoint="chat.completions",
        path="/chat/completions",
        request=facts,
        for_upstream=body.for_upstream,
        withhold_usage=body.stream and not body.usage_asked,
        received=received,
        read=read,
        status_of=lambda error: answer_of(error).status,
        content=content if runtime.settings.store_content else None,
        key_name=key_name_of(request),
    )
    exchange = Exchange(gateway, call, await gateway.route(facts, call.id))
    try:
        await unless_caller_leaves(request.receive, exchange.open())
    except RouterError as error:
        return respond(error, exchange_headers(exchange))
    except asyncio.CancelledError:
        exchange.interrupt()
        raise
    return _answer(exchange)


def _answer(exchange: Exchange) -> Response:
    assert exchange.reply is not None
    headers = {**exchange.reply.headers, **exchange_headers(exchange)}
    if exchange.streams:
        headers.pop("content-type", None)
        return EventStream(exchange, headers)
    return Response(exchange.body, exchange.status, headers)
