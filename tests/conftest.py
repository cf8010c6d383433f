"""For all tests: no connection but loopback, the same environment on every machine, Hypothesis that
no slow machine can fail, and an order that leaves no core without work."""

import gc
import os
import re
import socket
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import Scheduling

from tests.order import SharingScheduling, in_order

# Shared machines stall: an example that took long is no finding.
settings.register_profile("slm-router", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slm-router")
# While lines are counted: each example costs more then, and the others are for the run without.
settings.register_profile("coverage", settings.get_profile("slm-router"), max_examples=20)

# Each core has a worker of its own: threads of one that reckon together wait for the others' cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

_LOOPBACK = ("127.", "::1", "localhost")


_OF_THIS_MACHINE = re.compile(
    r"SLM_ROUTER_.*|OLLAMA_.*|.*_(API_KEY|API_BASE|BASE_URL)|(FORCE|NO)_COLOR|COLUMNS|LINES"
)
"""What a developer may have set, and what would change what the tests see."""


class OutboundConnection(AssertionError):
    """A test tried to reach something other than this machine."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Files that share something stay on one core (`--dist loadfile`)."""
    return SharingScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    in_order(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """To import all that is tested makes no garbage worth looking for."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no later collection of garbage need look at it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def same_environment() -> Iterator[None]:
    """The tests and the processes that they start see nothing of how this machine is set up.

    A proxy stays, for pip may need it, but does not get the loopback traffic.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if _OF_THIS_MACHINE.fullmatch(name):
                patch.delenv(name)
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1,localhost")
        yield


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
