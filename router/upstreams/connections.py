"""Connections: one pool of HTTP connections, shared by every upstream that is built together."""

import socket
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import aiohttp

KEEP_ALIVE_S = 30.0
DNS_TTL_S = 60
"""Short, so that an upstream that moved is found again within a minute."""

SOCKETS_MADE: ContextVar[list[None]] = ContextVar("sockets made")
"""One entry for each socket made for the call under way: without any, its connection is a pooled
one, which may have gone stale. aiohttp tells so only to a tracer, which costs every call."""


class Connections:
    """A pool, made on first use, for it belongs to the running event loop.

    Each upstream that uses it holds it once; the pool closes when the last one lets go. So a
    reload can hand the same pool to the new upstreams and close the old ones.
    """

    def __init__(self) -> None:
        self._pool: aiohttp.TCPConnector | None = None
        self._fresh: aiohttp.TCPConnector | None = None
        self._closers: set[Callable[[], Awaitable[None]]] = set()
        self._holders = 0

    @property
    def pool(self) -> aiohttp.TCPConnector:
        """Where connections wait for their next request. Only inside a running event loop."""
        if self._pool is None or self._pool.closed:
            self._pool = _new_pool()
        return self._pool

    @property
    def fresh(self) -> aiohttp.TCPConnector:
        """Opens a connection for every request. Only inside a running event loop."""
        if self._fresh is None or self._fresh.closed:
            self._fresh = _new_pool(keeps=False)
        return self._fresh

    def hold(self) -> None:
        """Count one more user."""
        self._holders += 1

    def close_too(self, closer: Callable[[], Awaitable[None]]) -> None:
        """Have another library's pool closed when this one is; the same closer counts once."""
        self._closers.add(closer)

    async def release(self) -> None:
        """One user less; the last one closes the pool."""
        self._holders -= 1
        if self._holders > 0:
            return
        pools = self._pool, self._fresh
        self._pool = self._fresh = None
        for pool in pools:
            if pool is not None:
                await pool.close()
        while self._closers:
            await self._closers.pop()()


def _new_socket(address: Any) -> socket.socket:
    """A socket for a new connection, noted for the call that it is made for."""
    SOCKETS_MADE.get([]).append(None)
    family, kind, protocol, _, _ = address
    return socket.socket(family=family, type=kind, proto=protocol)


def _new_pool(keeps: bool = True) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(
        # No limit here: a request that waits in a hidden queue is slow and nobody can see why.
        limit=0,
        ttl_dns_cache=DNS_TTL_S,
        force_close=not keeps,
        keepalive_timeout=KEEP_ALIVE_S if keeps else None,
        socket_factory=_new_socket,
    )
