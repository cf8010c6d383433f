"""unused_port: a loopback port that refuses connections."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def unused_port() -> AsyncIterator[int]:
    """A port on which nobody listens, kept bound so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
