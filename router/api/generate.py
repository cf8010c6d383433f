"""What every endpoint that asks a model does: read, decide, ask, relay and record alike.

Rule: an endpoint is its form of body and its form of error; nothing else tells it from another.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from router.api.access import key_name_of
from router.api.caller import body_of, while_caller_stays
from router.api.error_forms import OPENAI, ErrorForm
from router.api.errors import answer_of, respond
from router.api.freedom import PREFIX, limits_of
from router.api.headers import exchange_headers
from router.api.request_id import new_id
from router.api.session import Naming, in_session
from router.api.sse import EventStream
from router.api.state import runtime_of
from router.core.catalog import Endpoint
from router.core.limits import Limits
from router.core.request import RoutedRequest
from router.core.trace_context import HEADER
from router.errors import RouterError
from router.exchange import Exchange
from router.gateway import Call
from router.ports import Way

_PREFIX = PREFIX.encode()


class Body(Naming, Protocol):
    """A request body of one form, as `router.dialects` reads it."""

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts. Raises InvalidRequest naming the field at fault."""
        ...

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """How it reaches an upstream that speaks these endpoints."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """One endpoint: its name in the log, how its bodies are read and how its errors are told.

    `read` takes a body and the request's headers (names in lower case).
    """

    endpoint: str
    read: Callable[[bytes, Mapping[str, str]], Body]
    errors: ErrorForm = OPENAI


async def generate(request: Request, form: Form) -> Response:
    """Answer a request from the model that the policy picks."""
    return await ask(request, form, await received_from(request))


class Received(Struct, frozen=True):
    """A request's body, with when its head came and when it had been read whole."""

    content: bytes
    began: float
    read: float


async def received_from(request: Request) -> Received:
    """The body. Raises BodyTooLarge and CallerLeft."""
    runtime = runtime_of(request)
    elapsed = runtime.gateway.clock.elapsed
    began = elapsed()
    content = await body_of(request, runtime.settings.max_body_bytes)
    return Received(content, began, elapsed())


async def ask(request: Request, form: Form, received: Received) -> Response:
    """Answer a request that has been read."""
    runtime = runtime_of(request)
    gateway = runtime.gateway
    body = form.read(received.content, request.headers)
    facts = facts_of(request, body)
    id = new_id()
    call = Call(
        id=id,
        endpoint=form.endpoint,
        request=facts,
        way=body.way,
        received=received.began,
        read=received.read,
        status_of=lambda error: answer_of(error).status,
        content=received.content if runtime.settings.store_content else None,
        key_name=key_name_of(request),
        trace=runtime.trace(request.headers.get(HEADER), id) if runtime.trace else None,
    )
    exchange = Exchange(gateway, call, await gateway.route(facts, call.id))
    try:
        await while_caller_stays(
            request.scope, request.receive, exchange.open(), exchange.interrupt
        )
    except RouterError as error:
        return respond(error, exchange_headers(exchange), form.errors)
    return _answer(exchange, form)


def facts_of(request: Request, body: Body) -> RoutedRequest:
    """What routing reads of a request: its body, and the freedom that its headers leave."""
    return in_session(body.request(limits_of(_of_ours(request))), request, body)


def _of_ours(request: Request) -> Iterable[tuple[str, str]]:
    """The headers that are ours, without decoding all the others."""
    for name, value in request.scope["headers"]:
        if name.startswith(_PREFIX):
            yield name.decode("latin-1"), value.decode("latin-1")


def _answer(exchange: Exchange, form: Form) -> Response:
    assert exchange.reply is not None
    headers = {**exchange.reply.headers, **exchange_headers(exchange)}
    if exchange.streams:
        headers.pop("content-type", None)
        return EventStream(exchange, headers, form.errors)
    if exchange.status >= 400:
        headers["content-type"] = "application/json"
        told = form.errors.passed_on(exchange.body, exchange.status)
        return Response(told, exchange.status, headers)
    return Response(exchange.body, exchange.status, headers)
