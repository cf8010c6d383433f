"""An exchange over a fake gateway, and the one event it leaves behind."""

import json
from typing import cast

from router.api.errors import answer_of
from router.core.event import RoutingEvent
from router.core.limits import Limits
from router.dialects.chat_body import ChatBody
from router.exchange import Exchange
from router.gateway import Call, Gateway
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import MemoryLog


async def exchange_with(
    gateway: Gateway,
    stream: bool = False,
    limits: Limits | None = None,
    content: bool = False,
    answers: int = 1,
    upload_s: float = 0.0,
) -> Exchange:
    """An exchange about to be opened, its request decided."""
    received = gateway.clock.elapsed()
    cast(FakeClock, gateway.clock).advance(upload_s)
    messages = [{"role": "user", "content": "Hello"}]
    body = {"model": "auto", "messages": messages, "stream": stream, "n": answers}
    data = json.dumps(body).encode()
    chat = ChatBody(data)
    request = chat.request(limits or Limits())
    call = Call(
        id="dec_1",
        endpoint="chat.completions",
        request=request,
        way=chat.way,
        received=received,
        read=gateway.clock.elapsed(),
        status_of=lambda error: answer_of(error).status,
        content=data if content else None,
    )
    return Exchange(gateway, call, await gateway.route(request, call.id))


def recorded(gateway: Gateway) -> RoutingEvent:
    (event_,) = cast(MemoryLog, gateway.log).events
    return event_
