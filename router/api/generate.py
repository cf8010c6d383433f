"""What every endpoint that asks a model does: read, decide, ask, relay and record alike.

Rule: an endpoint is its form of body and its form of error; nothing else tells it from another.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.access import key_name_of
from router.api.caller import body_of, while_caller_stays
from router.api.error_forms import OPENAI, ErrorForm
from router.api.errors import answer_of, respond
from router.api.freedom import SESSION, UNBOUNDED, limits_of, ours_in
from router.api.headers import exchange_headers
from router.api.leaving import Leaving
from router.api.request_id import new_id
from router.api.reviewing import Reviewed, draw_for
from router.api.session import Naming, in_session
from router.api.sse import ByteStream, EventStream
from router.api.state import runtime_of
from router.api.tagging import tags_of
from router.api.whole import WholeAnswer
from router.core.catalog import Endpoint
from router.core.limits import Limits
from router.core.request import RoutedRequest
from router.core.tags import with_metadata
from router.core.trace_context import HEADER
from router.dialects.by_name import Kind, NamedBody
from router.errors import RouterError
from router.exchange import Exchange
from router.following import EVENT_STREAM
from router.gateway import Call
from router.ports import Way


class Body(Naming, Protocol):
    """A request body of one form, as `router.dialects` reads it."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the caller noted beside the request, for whomever."""
        ...

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts. Raises InvalidRequest naming the field at fault."""
        ...

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """How it reaches an upstream that speaks these endpoints."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """One endpoint: its name in the log, how its bodies are read and how its errors are told.

    `read` takes a body and the request that it came with. `kept_as` takes a body that was answered,
    and tells by which id the upstream keeps its answer. `id_header` is one more header with the id.
    """

    endpoint: str
    read: Callable[[bytes, Request], Body]
    errors: ErrorForm = OPENAI
    kept_as: Callable[[Body], str | None] | None = None
    id_header: str | None = None


def named(kind: Kind) -> Form:
    """The form of an endpoint that is asked by the model's name."""
    return Form(kind.endpoint, lambda content, request: NamedBody(content, kind))


async def generate(request: Request, form: Form) -> ASGIApp:
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


async def ask(request: Request, form: Form, received: Received) -> ASGIApp:
    """Answer a request that has been read."""
    under_way = runtime_of(request).under_way
    under_way.begin()
    try:
        return await _asked(request, form, received)
    finally:
        under_way.end()


async def _asked(request: Request, form: Form, received: Received) -> ASGIApp:
    runtime = runtime_of(request)
    gateway = runtime.gateway
    body = form.read(received.content, request)
    facts = facts_of(request, body)
    id = new_id()
    routed = await gateway.route(facts, id)
    call = Call(
        id=id,
        endpoint=form.endpoint,
        request=_tagged(facts, body, routed.in_force.policy.tags_from),
        way=body.way,
        received=received.began,
        read=received.read,
        status_of=_status_of,
        content=received.content if runtime.settings.store_content else None,
        key_name=key_name_of(request),
        trace=runtime.trace(request.headers.get(HEADER), id) if runtime.trace else None,
        kept_as=None if form.kept_as is None else partial(form.kept_as, body),
    )
    exchange = Exchange(gateway, call, routed)
    exchange.has_left = Leaving.of(request.scope).has_left
    if routed.in_force.judging is not None:
        draw_for(exchange.trace)
    try:
        await while_caller_stays(request.scope, request.receive, exchange.open())
    except RouterError as error:
        return respond(error, _headers(exchange, form), form.errors)
    answer = _answer(exchange, form)
    if exchange.trace.lot is None or runtime.review is None:
        return answer
    return Reviewed(answer, exchange.trace, runtime.review)


def _status_of(error: RouterError) -> int:
    return answer_of(error).status


def facts_of(request: Request, body: Body) -> RoutedRequest:
    """What routing reads of a request: its body, and the freedom that its headers leave."""
    ours = ours_in(request.scope["headers"])
    limits = limits_of(ours) if ours else UNBOUNDED
    session = next((value for name, value in ours if name == SESSION), "") if ours else ""
    facts = in_session(body.request(limits), request, body, session)
    tags = tags_of(ours) if ours else ()
    return replace(facts, tags=tags) if tags else facts


def _tagged(facts: RoutedRequest, body: Body, keys: Collection[str]) -> RoutedRequest:
    """The facts with what the policy takes of the body's metadata as tags: by itself nothing."""
    if not keys:
        return facts
    return replace(facts, tags=with_metadata(facts.tags, body.metadata, keys))


def _headers(exchange: Exchange, form: Form) -> dict[str, str]:
    headers = exchange_headers(exchange)
    if form.id_header is not None:
        headers[form.id_header] = exchange.routed.id
    return headers


def _answer(exchange: Exchange, form: Form) -> ASGIApp:
    assert exchange.reply is not None
    headers = {**exchange.reply.headers, **_headers(exchange, form)}
    if exchange.streams:
        if headers.get("content-type", "").lower().startswith(EVENT_STREAM):
            return EventStream(exchange, headers, form.errors)
        return ByteStream(exchange, headers)
    if exchange.status >= 400:
        headers["content-type"] = "application/json"
        told = form.errors.passed_on(exchange.body, exchange.status)
        return WholeAnswer(exchange.status, headers, told)
    return WholeAnswer(exchange.status, headers, exchange.body)
