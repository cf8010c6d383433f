"""ScriptedUpstream: an HTTP server on loopback that writes exactly the bytes it was told to.

It knows nothing of models: a test says what goes over the wire, piece by piece, and afterwards
reads what came. A fault is a Script like any other answer, so a new one is a function that makes
a Script. `script` answers every request, or is a function of what was asked; the Scripts in `next`
come first, one a request.

    async with ScriptedUpstream(plain(b'{"choices": []}')) as upstream: ...
    with scripted_process_wide(plain(b"{}")) as upstream: ...     # from a test without a loop
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Self

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}
DONE = b"data: [DONE]\n\n"

Ending = Literal["whole", "cut", "reset", "stall"]
"""whole: as HTTP has it. cut: the connection is closed before the body is complete. reset: the
same by a TCP reset. stall: no further byte and no end."""


@dataclass(frozen=True)
class Script:
    """One answer. Every piece is written by itself, `gap_s` seconds after the one before.

    `wait_s` is the silence before the head; infinite, no answer ever begins. `head` False sends
    the pieces alone: what a server says that does not speak HTTP, or nothing at all.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    pieces: tuple[bytes, ...] = ()
    wait_s: float = 0.0
    gap_s: float = 0.0
    ending: Ending = "whole"
    head: bool = True


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Equal for requests that came over one connection."""

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


Answering = Script | Callable[[Received], Script]


def plain(body: bytes | Mapping[str, Any], status: int = 200, **headers: str) -> Script:
    """A whole JSON answer; underscores in header names stand for hyphens."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Script(status, {**JSON, **named}, (content,))


def streamed(*pieces: bytes, **changes: Any) -> Script:
    """A stream of events, cut into pieces as a test wants it."""
    return Script(200, SSE, pieces, **changes)


def event(data: Mapping[str, Any] | str, name: str | None = None) -> bytes:
    """One event as OpenAI writes it, or as Anthropic does, with its name."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


def refusal(status: int, error: Mapping[str, Any] | None = None, **headers: str) -> Script:
    """An error in OpenAI's form."""
    told = {"message": "scripted fault", "type": "server_error", "param": None, "code": "scripted"}
    return plain({"error": told | dict(error or {})}, status, **headers)


def hanging() -> Script:
    """Nothing, ever."""
    return Script(wait_s=float("inf"))


def hanging_up(ending: Ending = "cut") -> Script:
    """No byte of an answer, and the connection is gone."""
    return Script(head=False, ending=ending)


def cut_in_two(content: bytes, ending: Ending = "cut") -> Script:
    """A plain answer of which half arrives."""
    return Script(pieces=(content[: len(content) // 2],), ending=ending)


def page() -> Script:
    """A 200 that is a web page, as a captive portal has it."""
    return Script(headers={"content-type": "text/html"}, pieces=(b"<html>Sign in</html>",))


class ScriptedUpstream:
    """Use as `async with`. `left` is set once a caller has gone before its answer was whole."""

    def __init__(self, script: Answering | None = None) -> None:
        self.script: Answering = script if script is not None else plain(b"{}")
        self.next: deque[Answering] = deque()
        self.received: list[Received] = []
        self.left = asyncio.Event()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._busy: set[asyncio.StreamWriter] = set()
        self._connections = 0

    @property
    def base_url(self) -> str:
        """What a client takes as base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def bodies(self) -> list[bytes]:
        """The body of every request."""
        return [seen.body for seen in self.received]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen; after `stop` again on the same port, if given."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port or self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        assert self._server is not None
        self._server.close()
        self.drop_connections()
        await self._server.wait_closed()

    def drop_connections(self) -> None:
        """Reset every connection, idle ones in callers' pools too."""
        for writer in tuple(self._open):
            writer.transport.abort()

    def drop_idle(self) -> None:
        """Close every connection on which nothing is being answered, as servers do in time."""
        for writer in self._open - self._busy:
            writer.close()

    async def restart(self, down_s: float) -> None:
        """Stop listening, answer what has begun, and listen again after that time."""
        assert self._server is not None
        self._server.close()
        self.drop_idle()
        await asyncio.sleep(down_s)
        for writer in tuple(self._busy):
            writer.transport.abort()
        await self.start()

    @property
    def open_connections(self) -> int:
        """How many connections callers hold."""
        return len(self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number = self._connections
        self._open.add(writer)
        try:
            while (seen := await _read(reader, number)) is not None:
                self.received.append(seen)
                answering = self.next.popleft() if self.next else self.script
                script = answering if isinstance(answering, Script) else answering(seen)
                self._busy.add(writer)
                goes_on = await self._answer(script, reader, writer)
                self._busy.discard(writer)
                if not goes_on or self._server is None or not self._server.is_serving():
                    return
        except (ConnectionError, asyncio.IncompleteReadError, RuntimeError):
            # uvloop raises RuntimeError where others write to a closed connection without a word.
            self.left.set()
        except asyncio.CancelledError:
            # The loop is closing under us: a test is over.
            return
        finally:
            self._open.discard(writer)
            self._busy.discard(writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(
        self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Write an answer; whether the connection can serve another request."""
        if script.wait_s and not await self._waited(script.wait_s, reader):
            return False
        if script.head:
            writer.write(_head(script))
        for piece in script.pieces:
            if script.gap_s and not await self._waited(script.gap_s, reader):
                return False
            chunk = b"%x\r\n%b\r\n" % (len(piece), piece)
            writer.write(chunk if script.head and piece else piece)
            await writer.drain()
            # So that each piece is a segment of its own.
            await asyncio.sleep(0.001 if len(script.pieces) > 1 else 0)
        if script.ending == "stall":
            return await self._waited(float("inf"), reader)
        if script.ending == "reset":
            writer.transport.abort()
        elif script.ending == "whole" and script.head:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
            return True
        return False

    async def _waited(self, seconds: float, reader: asyncio.StreamReader) -> bool:
        """Wait; False if the caller has gone meanwhile."""
        try:
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                while await reader.read(1):
                    pass
        except TimeoutError:
            return True
        self.left.set()
        return False


def _head(script: Script) -> bytes:
    lines = [f"HTTP/1.1 {script.status} Scripted"]
    lines += [f"{name}: {value}" for name, value in script.headers.items()]
    return "\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode("latin-1")


async def _read(reader: asyncio.StreamReader, connection: int) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    method, path, _ = first.split(" ", 2)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method, path, headers, body, connection)


@contextmanager
def scripted_process_wide(script: Answering | None = None) -> Iterator[ScriptedUpstream]:
    """The same in a thread with a loop of its own, for tests that have none."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def made() -> ScriptedUpstream:
        upstream = ScriptedUpstream(script)
        await upstream.start()
        return upstream

    upstream = asyncio.run_coroutine_threadsafe(made(), loop).result(10)
    try:
        yield upstream
    finally:
        asyncio.run_coroutine_threadsafe(upstream.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
