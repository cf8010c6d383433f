"""served: an ASGI application behind uvicorn with our bounds, in this process and on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from router.connection import Bounds, bounded
from router.listening import listen


@dataclass(frozen=True)
class Answer:
    """One HTTP answer off the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Peer:
    """A caller by hand, who can stop in the middle of anything."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (h.partition(": ") for h in rest)}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(line.split()[1]), headers, body)

    async def rest(self) -> bytes:
        """All that comes until the server closes; empty if it resets."""
        try:
            return await self.reader.read()
        except ConnectionResetError:
            return b""

    def leave(self) -> None:
        self.writer.transport.abort()


class Served:
    """A server that listens on `port`."""

    def __init__(self, state: ServerState, port: int) -> None:
        self._state = state
        self.port = port
        self._peers: list[Peer] = []

    @property
    def connections(self) -> set[Any]:
        """Those that are open."""
        return set(self._state.connections)

    @property
    def at_work(self) -> int:
        """How many requests a shutdown would wait for."""
        return len(self._state.tasks)

    async def peer(self, sent: bytes = b"", limit: int = 2**16) -> Peer:
        """A new connection, on which this much was sent."""
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port, limit=limit))
        self._peers.append(peer)
        await peer.send(sent)
        return peer

    def leave(self) -> None:
        """Have all peers leave."""
        for peer in self._peers:
            peer.leave()


@asynccontextmanager
async def served(app: Any, bounds: Bounds) -> AsyncIterator[Served]:
    """The application behind the connections that `slm-router serve` makes, less its signals."""
    config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    state, protocol = ServerState(), bounded(bounds)
    listening = listen("127.0.0.1", 0)

    def connected() -> asyncio.Protocol:
        made = protocol(config=config, server_state=state, app_state={})
        # pytest listens to every logger, which would pass for somebody who wants an access log.
        made.access_log = False
        return made

    server = await asyncio.get_running_loop().create_server(connected, sock=listening)
    made = Served(state, listening.getsockname()[1])
    try:
        yield made
    finally:
        made.leave()
        server.close()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # the loop closes sockets a turn after they were let go of
