"""BoundedProtocol: uvicorn's HTTP connection with an end to everything that a peer can draw out.

A head has to be short and whole in time, a body and the reader of an answer have to move on, and
what cannot be understood is told as every other error is. uvicorn by itself waits for ever for the
rest of a head, takes one of any length, and keeps an answer for a reader who never reads.

Rule: nothing is done per request that one look a second at each connection can do.
"""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

import httptools
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from router.api.leaving import Leaving
from router.api.whole import put_into
from router.http1 import Unchunked, refusal, wrong_host

LOOK_S = 1.0

_IDLE, _HEAD, _BODY = "idle", "head", "body"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Most bytes of a head, and how long a peer may take for one or stand still, in seconds.

    What is left of a refused body is taken and thrown away for `linger_s`: a caller that is cut
    off while it sends would see a reset instead of the refusal.
    """

    head_bytes: int = 64 * 1024
    patience_s: float = 30.0
    linger_s: float = 5.0


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `bounded` makes the class that a server is given."""

    bounds = Bounds()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._phase = _HEAD
        self._since = self._idle_since = self.loop.time()
        self._lapsed = 0.0
        self._received = 0
        self._head_bytes = 0
        self._unread = 0
        self._unread_since = self._since
        self._refusal: tuple[int, str] | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._callers: list[Leaving] = []
        self._next: tuple[RequestResponseCycle, Any]
        self._running: asyncio.Task[None] | None = None
        self._resting: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look after it."""
        super().connection_made(transport)
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to look after."""
        if self._looking is not None:
            self._looking.cancel()
        for caller in self._callers:
            caller.leave()
        if self._running is not None and self._resting is not None:
            self._running.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count a head before it is parsed: the parser would keep one without end."""
        if self._phase is _IDLE:
            self._begin_head()
        self._received = len(data)
        self._head_bytes += len(data)
        self._parse(data)
        if self._phase is _HEAD and self._head_bytes > self.bounds.head_bytes:
            self._refuse(*self._too_long())

    def on_message_begin(self) -> None:
        """A request line begins, maybe right behind the request before it."""
        super().on_message_begin()
        if self._phase is not _HEAD:
            self._begin_head()
            self._head_bytes = self._received

    def on_headers_complete(self) -> None:
        """Let the request begin, if its head is short enough."""
        if self._head_bytes > self.bounds.head_bytes and self._exact() > self.bounds.head_bytes:
            self._give_up(self._too_long())
        refused = wrong_host(self.headers, self.parser.get_http_version())
        if refused is not None:
            self._give_up(refused)
        if self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT":
            return
        self._phase, self._since = _BODY, self.loop.time()
        if self.cycle is None or self.cycle.response_complete:
            # None of the requests before it is under way any more.
            self._callers.clear()
        self._callers.append(Leaving.put_into(self.scope))
        put_into(self.scope, self._written_at_once)
        super().on_headers_complete()
        if self.scope["http_version"] == "1.0":
            self.cycle.__class__ = Unchunked

    def on_body(self, body: bytes) -> None:
        """A piece of the body: it moves on, unless nobody wants it any more."""
        super().on_body(body)
        if not self.cycle.response_complete:
            self._since = self.loop.time()

    def on_message_complete(self) -> None:
        """The request is whole, unless its head was no more than an offer to be passed over."""
        if self._phase is _BODY:
            super().on_message_complete()
            self._phase = _IDLE

    def on_response_complete(self) -> None:
        """What the server does then, but for its timer: to set and to clear one for each request
        costs more than all else here. `_look` closes what has been idle for too long."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._idle_since = self.loop.time()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Have a request run by the connection's own task, which rests between requests: to make
        and to register a task for each costs more than all of the head's parsing."""
        if self._running is None:
            self._next = cycle, app
            self._running = self.loop.create_task(self._run())
        elif self._resting is None:
            # The request before it has its answer, and is not quite over.
            super()._start_asgi_task(cycle, app)
            return
        else:
            self._next = cycle, app
            self._resting.set_result(None)
            self._resting = None
        self.tasks.add(self._running)

    async def _run(self) -> None:
        while True:
            try:
                await self._next[0].run_asgi(self._next[1])
            finally:
                self.tasks.discard(self._running)
            if self.transport.is_closing():
                return
            resting = self._resting = self.loop.create_future()
            await resting

    def _written_at_once(self, scope: Any, status: int, lines: bytes, body: bytes) -> bool:
        """Answer a request in one write. False, and nothing is done, where the server has to do
        it: another request came behind, what goes before must be read first, nobody listens, a
        body is not wanted, or it is told to do more of its own."""
        cycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected:
            return False
        if self.flow.write_paused or cycle.access_log or cycle.default_headers:
            return False
        if scope["method"] == "HEAD":
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        ends = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.writelines((STATUS_LINE[status] + lines + ends, body))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()
        return True

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed, in OpenAI's form."""
        self._refuse(*(self._refusal or (HTTPStatus.BAD_REQUEST, "This is no valid HTTP request.")))

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("")
        except httptools.HttpParserUpgrade as offer:
            if self._phase is _HEAD:
                self._pass_over(data[offer.args[0] :])

    def _pass_over(self, behind: bytes) -> None:
        """Read a request as if it offered no other protocol, as a server may (RFC 9110, 7.8): the
        parser takes its body for one in that protocol. Java's client offers h2c by itself."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = b"".join(b"%s: %s\r\n" % line for line in self.headers if line[0] != b"upgrade")
        self._parse(b"%s %s HTTP/%s\r\n%s\r\n%s" % (method, self.url, version, lines, behind))

    def _begin_head(self) -> None:
        self._phase, self._since, self._head_bytes = _HEAD, self.loop.time(), 0

    def _exact(self) -> int:
        """The bytes of a head that is whole: what came with it may be body already."""
        lines = sum(len(name) + len(value) + 4 for name, value in self.headers)
        return len(self.url) + lines

    def _too_long(self) -> tuple[int, str]:
        told = f"The head of the request exceeds the limit of {self.bounds.head_bytes} bytes."
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, told

    def _give_up(self, told: tuple[int, str]) -> NoReturn:
        """Have the parser read no further, which stops at any error."""
        self._refusal = told
        raise ValueError(told[1])

    def _refuse(self, status: int, message: str) -> None:
        """Answer with an error and close, unless that would fall into another answer."""
        if self.transport.is_closing():
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if not answering or (self.cycle.more_body and not self.cycle.response_started):
            self.transport.write(refusal(status, message))
        self.transport.close()

    def _look_later(self) -> None:
        wait = min(LOOK_S, self.bounds.patience_s / 4)
        self._looking = self.loop.call_later(wait, self._look)

    def _look(self) -> None:
        now = self.loop.time()
        self._look_at_reader(now)
        if not self.transport.is_closing():
            self._look_at_sender(now)
        self._look_later()

    def _look_at_reader(self, now: float) -> None:
        """Drop a peer that takes nothing of what is ready for it, closing or not."""
        unread = self.transport.get_write_buffer_size()
        if not unread or unread != self._unread:
            self._unread, self._unread_since = unread, now
        elif now - self._unread_since >= self.bounds.patience_s:
            self.transport.abort()

    def _look_at_sender(self, now: float) -> None:
        """Drop a peer that has been idle for too long, whose head is not whole in time, or whose
        body stands still."""
        if self._phase is _IDLE:
            self._look_at_idle(now)
            return
        if self.flow.read_paused:
            # It is we who do not read.
            self._since = now
        refused = self._phase is _BODY and self.cycle.response_complete
        if now - self._since < (self.bounds.linger_s if refused else self.bounds.patience_s):
            return
        if refused or (self._phase is _HEAD and not self._head_bytes):
            self.transport.close()
        else:
            told = f"The request's {self._phase} did not come within {self.bounds.patience_s:g} s."
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, told)

    def _look_at_idle(self, now: float) -> None:
        """Close what two looks found idle for too long. What came while this process stood still
        is read in between; closed at once it would be lost, and its caller sees a reset."""
        if self.cycle.response_complete and now - self._idle_since >= self.timeout_keep_alive:
            if self._lapsed == self._idle_since:
                self.transport.close()
            self._lapsed = self._idle_since


def bounded(bounds: Bounds) -> type[BoundedProtocol]:
    """The class of a server's connections."""
    return type("BoundedProtocol", (BoundedProtocol,), {"bounds": bounds})
