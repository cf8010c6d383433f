"""Turns of a conversation with tools, as bodies of chat completions."""

from typing import Any, cast

from router.core.event import RoutingEvent
from router.gateway import Gateway
from tests.fakes.gateway import MemoryLog

CHAT = "/v1/chat/completions"
SYSTEM = {"role": "system", "content": "Be kind."}
FIRST = {"role": "user", "content": "What is the weather in Oslo?"}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    ],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "4 degrees"}
SAID = {"role": "assistant", "content": "4 degrees."}
NEXT = {"role": "user", "content": "And tomorrow?"}


def asked(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "auto", "messages": messages, **fields}


def events(gateway: Gateway) -> list[RoutingEvent]:
    return cast(MemoryLog, gateway.log).events
