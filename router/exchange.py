"""Exchange: one routed request between its caller and the upstreams.

Rule: fall back only while nothing has reached the caller; record before the last byte does.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from router.core.circuit import OPEN_S
from router.core.event import Outcome
from router.deadlines import within
from router.errors import (
    CircuitOpen,
    ModelsUnavailable,
    RouterError,
    UpstreamBroken,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
)
from router.following import PassedBytes, follower
from router.gateway import Call, Gateway, Routed, unserved
from router.ports import Events, Reply, UpstreamCall, Way
from router.recording import Trace
from router.tries import (
    MOST_CALLS,
    is_callers_own,
    is_final,
    misses_callers_own,
    observe_failure,
    seconds_left,
    tries_of,
)

MAX_ERROR_BYTES = 64 * 1024
SERVICE_UNAVAILABLE = 503
CLIENT_CLOSED_REQUEST = 499
"""nginx's status for a caller who left; it stands in the log, nobody receives it."""


class Exchange:
    """One request. `open` first; then `body` is the answer, or `events()` if it `streams`.

    `has_left` tells, when it is cancelled, whether that is because its caller left.
    """

    def __init__(self, gateway: Gateway, call: Call, routed: Routed) -> None:
        self.routed = routed
        self.body = b""
        self.reply: Reply | None = None
        self.trace = Trace(gateway, call, routed)
        self._call = call
        self._reader: Events | None = None
        self._first = b""
        self._chunks: AsyncIterator[bytes] | None = None
        self.has_left: Callable[[], bool] = _always

    @property
    def status(self) -> int:
        """The status of the answer, 0 while there is none."""
        return self.reply.status if self.reply is not None else 0

    @property
    def streams(self) -> bool:
        """Whether the answer goes on as an event stream."""
        return self._call.request.stream and self.status == 200

    async def open(self) -> None:
        """Ask the candidates in order until one answers; a plain answer is then complete.

        Raises NoCandidate or ModelsUnavailable if there is nobody to ask, and the last
        UpstreamError if all failed; each is recorded first.
        """
        try:
            failure = await self._ask_in_order()
        except asyncio.CancelledError:
            self._leave()
            raise
        except Exception:
            # Our own mistake: it must neither hold on to the upstream nor lose the record.
            await self._finish("broken", self._call.status_of(RouterError()))
            raise
        if failure is not None or self.reply is None:
            raise await self._nobody(failure)
        self.trace.measure_overhead()
        if not self.streams:
            await self._finish("ok" if self.status < 400 else "refused")
            self.trace.measure_overhead()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The stream as it may go on, in pieces of whole events, those together that came together.

        Raises UpstreamError after it was recorded.
        """
        assert self._reader is not None
        try:
            if self._first:
                yield self._first
            # The first token is on its way before anything is done about those behind it.
            await asyncio.sleep(0)
            async for piece in self._rest(self._reader):
                yield piece
            last = self._reader.end()
            self.trace.keep(last)
        except (asyncio.CancelledError, GeneratorExit):
            # The caller left, or we stop. This task is torn down: another must finish the work.
            self._leave()
            raise
        except Exception:
            # An upstream that broke, or our own mistake: either way it is recorded, then told.
            await self._finish("broken")
            raise
        await self._finish("broken" if self._reader.failed else "ok")
        if last:
            yield last

    async def _ask_in_order(self) -> UpstreamError | None:
        """None once a model has answered, else the last failure."""
        failure: UpstreamError | None = None
        models = self.routed.decision.models
        for model in models:
            if failure and self._is_over():
                break
            try:
                await self._ask(model, model is models[-1])
            except UpstreamError as error:
                # Whom nobody called has nothing to say, if another has.
                failure = failure if failure and isinstance(error, CircuitOpen) else error
                if is_final(error):
                    break
            else:
                return None
        return failure

    def _is_over(self) -> bool:
        """Whether no further candidate may be asked."""
        trace = self.trace
        return len(trace.attempts) >= MOST_CALLS or seconds_left(trace) <= 0

    async def _rest(self, reader: Events) -> AsyncGenerator[bytes, None]:
        assert self._chunks is not None
        async for chunk in self._chunks:
            fault, events = None, list[bytes]()
            try:
                for event in reader.feed(chunk):
                    events.append(event)
            except UpstreamError as error:
                fault = error
            if events:
                piece = events[0] if len(events) == 1 else b"".join(events)
                self._keep(piece)
                yield piece
            if fault is not None:
                raise fault

    async def _ask(self, model: str, last: bool) -> None:
        in_force, trace = self.routed.in_force, self.trace
        card = in_force.catalog.models[model]
        name = card.upstream_model or model
        way = self._call.way(in_force.catalog.speaks(model))
        headers = {**way.headers, **trace.propagated()}
        trace.opening(model)
        trace.beside = way.beside
        try:
            call = UpstreamCall(
                way.path,
                name,
                way.body(name),
                self._call.request.stream,
                headers,
                model,
                tries_of(trace, model, card, last),
            )
            self.reply = await in_force.upstreams[card.upstream].open(call)
            await self._read_head(self.reply, way, model)
        except CircuitOpen:
            raise
        except (UpstreamError, asyncio.CancelledError) as error:
            if not trace.waiting:
                trace.attempted(model, card, self.status, error)
            if isinstance(error, UpstreamError):
                observe_failure(trace, model, error)
                await self._close()
                self.reply = None
            else:
                trace.release(model)
            raise
        trace.model = model
        trace.attempted(model, card, self.status)

    async def _read_head(self, reply: Reply, way: Way, model: str) -> None:
        """Read what shows that the answer is one: all of a plain one, the first of a stream."""
        if reply.status != 200 and not is_callers_own(reply.status):
            self.body = await _all(reply, MAX_ERROR_BYTES)
            if not misses_callers_own(reply.status, self.body, self._call.request):
                message = f"The upstream answered with status {reply.status}."
                raise UpstreamRefused(message, reply.status, self.body, reply.headers)
            self.trace.keep(self.body)
        elif self.streams:
            await self._read_first_in_time(reply, way, model)
        else:
            whole = reply.at_hand()
            self.body = await _all(reply) if whole is None else whole
            if reply.status == 200:
                told = way.answer(self.body)
                self.body, self.trace.usage, self.trace.received_tokens = told
            self.trace.keep(self.body)
        self.trace.first_byte = self.trace.now()

    async def _read_first_in_time(self, reply: Reply, way: Way, model: str) -> None:
        """The first token of a stream is owed within the time that a first byte is allowed."""
        trace = self.trace
        most_s = self.routed.in_force.catalog.upstream_of(model).first_byte_timeout
        try:
            with within(trace.opened + most_s - trace.now()):
                await self._read_first(reply, way)
        except TimeoutError:
            raise UpstreamTimeout("The upstream took too long to begin its answer.") from None
        trace.release(model)

    async def _read_first(self, reply: Reply, way: Way) -> None:
        self._reader = reader = follower(way, reply.headers.get("content-type", "").lower())
        self._chunks, first = reply.chunks(), list[bytes]()
        async for chunk in self._chunks:
            first += reader.feed(chunk)
            if reader.begun:
                break
        else:
            raise UpstreamBroken("The upstream ended the stream before it had begun.")
        self._first = b"".join(first)
        self._keep(self._first)

    def _keep(self, piece: bytes) -> None:
        """What may be stored or judged: of sound there is nothing to read."""
        if not isinstance(self._reader, PassedBytes):
            self.trace.keep(piece)

    async def _nobody(self, failure: UpstreamError | None) -> RouterError:
        """Record that nobody answered; the error that says so."""
        request = self._call.request
        error: RouterError = failure or unserved(self.routed.decision, OPEN_S, request)
        outcome: Outcome = "no_candidate"
        if isinstance(error, UpstreamRefused) and is_callers_own(error.status):
            outcome = "refused"
        elif isinstance(error, ModelsUnavailable | CircuitOpen):
            outcome = "unavailable"
        elif failure is not None:
            outcome = "upstream_error"
        await self.trace.record(outcome, self._call.status_of(error))
        return error

    async def _finish(self, outcome: Outcome, status: int | None = None) -> None:
        """The exchange is over, except for its last byte. It is recorded whatever else happens."""
        trace = self.trace
        if self.streams and self._reader is not None:
            trace.usage, trace.received_tokens = self._reader.usage, self._reader.events
        if trace.model is not None and outcome != "cancelled":
            trace.observe(trace.model, ok=outcome != "broken", streamed=self.streams)
        try:
            await self._close()
        finally:
            await trace.record(outcome, self.status if status is None else status)

    def _leave(self) -> None:
        if self.has_left():
            finishing = self._finish("cancelled", CLIENT_CLOSED_REQUEST)
        else:
            finishing = self._finish("broken", self.status or SERVICE_UNAVAILABLE)
        task = asyncio.get_running_loop().create_task(finishing)
        _leaving.add(task)
        task.add_done_callback(_leaving.discard)

    async def _close(self) -> None:
        if self.reply is not None:
            await self.reply.close()


def _always() -> bool:
    return True


_leaving: set[asyncio.Task[None]] = set()
"""Records of callers who left, held until written: a task that nobody holds may be collected."""


async def all_recorded(most_s: float = 1.0) -> None:
    """Wait until the record of every caller who left is written, if that comes in the time."""
    if _leaving:
        await asyncio.wait(tuple(_leaving), timeout=most_s)


async def _all(reply: Reply, most: int | None = None) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in reply.chunks():
        parts.append(chunk)
        size += len(chunk)
        if most is not None and size >= most:
            break
    return b"".join(parts)
