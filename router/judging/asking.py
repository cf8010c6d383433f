"""Asking: the router's own calls of one review, and what each of them cost.

Rule: a call is made once, within its own time, and stands on the account however it ended. What it
told counts for nothing but the review: no decision is taken by the speed, the length or the faults
of what no caller asked for.
"""

import asyncio

from msgspec import Struct

from router.core.bill import OwnCall
from router.core.catalog import ModelCard
from router.core.cost import Usage, call_cost
from router.core.request import RoutedRequest
from router.core.review import Purpose
from router.errors import UpstreamBroken, UpstreamError, UpstreamRefused
from router.gateway import Gateway, PolicyInForce
from router.ports import Reply, Tries, UpstreamCall, Way

DEADLINE_S = 60.0
"""How long one call may take in all."""

MOST_BYTES = 1024 * 1024
"""Of an answer. A longer one is not waited for."""

_OK = 200


class Told(Struct, frozen=True):
    """An answer in the form in which it was asked for; `usage` as its upstream counted it."""

    body: bytes
    usage: Usage | None


class Question(Struct, frozen=True):
    """A call to make: of which model and on which way. `request` is what routing sees of it."""

    purpose: Purpose
    model: str
    way: Way
    request: RoutedRequest


class _Call:
    """One call while it is made. `received` is about how many tokens have come."""

    def __init__(self) -> None:
        self.status = 0
        self.usage: Usage | None = None
        self.received = 0
        self.gave_up = False

    def used(self, input_tokens: int) -> Usage | None:
        """What is to be paid for: as told, else about so much; None if nothing can be known."""
        if self.usage is not None:
            return self.usage
        return Usage(input_tokens, self.received) if self.status == _OK else None


class Asking:
    """Makes the calls for one review, by the policy that was in force for its request.

    `calls` is everything that was paid for, or may have been.
    """

    def __init__(self, gateway: Gateway, in_force: PolicyInForce) -> None:
        self.calls: list[OwnCall] = []
        self._gateway = gateway
        self._in_force = in_force

    async def ask(self, question: Question) -> Told:
        """What the model answers. Raises UpstreamError, and TimeoutError after DEADLINE_S."""
        stats, model = self._gateway.stats, question.model
        call = _Call()
        stats.call_begins(model)
        began = stats.began(model)
        try:
            async with asyncio.timeout(DEADLINE_S):
                return Told(await self._read(question, call), call.usage)
        except (TimeoutError, asyncio.CancelledError):
            call.gave_up = True
            raise
        finally:
            stats.call_ends(model)
            self._book(question, call, stats.ended(model, began))

    def _book(self, question: Question, call: _Call, busy_s: float) -> None:
        """What an upstream refused or never had costs nothing; whom we stopped waiting for may
        charge for it all the same."""
        if call.status != _OK and not call.gave_up:
            return
        usage = call.used(question.request.input_tokens)
        cost = _cost(self._in_force.catalog.models[question.model], usage, busy_s)
        self.calls.append(OwnCall(question.purpose, question.model, usage, cost))

    async def _read(self, question: Question, call: _Call) -> bytes:
        catalog, way = self._in_force.catalog, question.way
        name = catalog.served_name(question.model)
        upstream = self._in_force.upstreams[catalog.models[question.model].upstream]
        reply = await upstream.open(
            UpstreamCall(
                way.path,
                name,
                way.body(name),
                question.request.stream,
                way.headers,
                question.model,
                Tries(left=1),
            )
        )
        try:
            if reply.status != _OK:
                told = f"The upstream answered with status {reply.status}."
                raise UpstreamRefused(told, reply.status)
            call.status = reply.status
            if question.request.stream:
                return await _streamed(reply, way, call)
            body, call.usage, call.received = way.answer(await _whole(reply))
            return body
        finally:
            await reply.close()


def _cost(card: ModelCard, usage: Usage | None, busy_s: float) -> float | None:
    if usage is None and (card.price is None or card.price.usd_per_hour is None):
        return None
    return call_cost(card.price, usage or Usage(0, 0), busy_s)


async def _whole(reply: Reply) -> bytes:
    whole = reply.at_hand()
    parts, size = list[bytes](), 0
    if whole is not None:
        parts, size = [whole], len(whole)
    else:
        async for chunk in reply.chunks():
            parts.append(chunk)
            size += len(chunk)
            if size > MOST_BYTES:
                break
    if size > MOST_BYTES:
        raise UpstreamBroken("The answer is too long to be judged.")
    return b"".join(parts)


async def _streamed(reply: Reply, way: Way, call: _Call) -> bytes:
    reader, parts, size = way.events(), list[bytes](), 0
    try:
        async for chunk in reply.chunks():
            for event in reader.feed(chunk):
                parts.append(event)
                size += len(event)
            if size > MOST_BYTES:
                raise UpstreamBroken("The answer is too long to be judged.")
        parts.append(reader.end())
    finally:
        call.usage, call.received = reader.usage, reader.events
    if reader.failed:
        raise UpstreamBroken("The upstream says that its answer failed.")
    return b"".join(parts)


FAILURES = (UpstreamError, TimeoutError)
"""What a call may raise that went wrong."""
