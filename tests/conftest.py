"""For all tests: no connection but loopback, and Hypothesis that no slow machine can fail."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Shared machines stall: an example that took long is no finding.
settings.register_profile("slm-router", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slm-router")

_LOOPBACK = ("127.", "::1", "localhost")


class OutboundConnection(AssertionError):
    """A test tried to reach something other than this machine."""


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(
            _LOOPBACK
        ):
            raise OutboundConnection(f"outbound connection to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield
