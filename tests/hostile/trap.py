"""Trap: a server that nobody has any business to reach; it counts who does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Trap:
    """Listens on `port`; `connections` counts everybody who came, whatever they said."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@asynccontextmanager
async def trap() -> AsyncIterator[Trap]:
    """A trap that is set, on loopback."""
    made = Trap()
    server = await asyncio.start_server(made.take, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
