"""Asking from within: a chat completion that takes the road of every other, without HTTP.

Rule: it is routed, recorded and priced like a caller's, under the caller's key.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from router.api.errors import answer_of
from router.api.request_id import new_id
from router.core.limits import Limits
from router.dialects.chat_body import ChatBody
from router.errors import RouterError
from router.exchange import Exchange
from router.gateway import Call, Routed
from router.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Asked:
    """How it went: the decision, and the answer's text or the error in its place."""

    routed: Routed
    model: str | None
    text: str | None
    error: str | None


async def ask(
    runtime: Runtime, body: dict[str, Any], key_name: str | None, tags: tuple[str, ...] = ()
) -> Asked:
    """Have a chat completion answered. Raises InvalidRequest for a body that is none, and
    UnknownPolicy and UnknownModel."""
    gateway, content = runtime.gateway, msgspec.json.encode(body)
    chat = ChatBody(content)
    facts = replace(chat.request(Limits()), tags=tags)
    now = gateway.clock.elapsed()
    call = Call(
        id=new_id(),
        endpoint="chat.completions",
        request=facts,
        way=chat.way,
        received=now,
        read=now,
        status_of=lambda error: answer_of(error).status,
        content=content if runtime.settings.store_content else None,
        key_name=key_name,
    )
    exchange = Exchange(gateway, call, await gateway.route(facts, call.id))
    try:
        await exchange.open()
        if exchange.streams:
            async for _ in exchange.events():
                pass
    except RouterError as error:
        return Asked(exchange.routed, exchange.trace.model, None, str(error))
    text = None if exchange.streams else text_of(exchange.body)
    refused = f"status {exchange.status}" if exchange.status >= 400 else None
    return Asked(exchange.routed, exchange.trace.model, text, refused)


def text_of(body: bytes) -> str:
    """What an answer says: its text, else the tools that it calls, else its JSON as it is."""
    try:
        message = msgspec.json.decode(body)["choices"][0]["message"]
        if isinstance(message.get("content"), str) and message["content"]:
            return str(message["content"])
        calls = [call["function"] for call in message.get("tool_calls") or ()]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return body.decode("utf-8", "replace")
    return "\n".join(f"{call.get('name')}({call.get('arguments')})" for call in calls)
