"""Sockets that listen: what is settled for a connection before there is one."""

import socket

from router.workers import shared_socket

KERNEL_BYTES = 256 * 1024
"""What the kernel may hold of an answer. By itself it takes megabytes, and then it cannot be seen
for minutes whether a slow reader reads."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    # Connections have it from the socket that took them.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    return listening


def bound(host: str, port: int) -> socket.socket:
    """The same on a port that other workers share, not listening yet. Raises OSError."""
    made = shared_socket(host)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    made.bind((host, port))
    return made
