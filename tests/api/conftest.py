"""The HTTP shell in process, over a gateway on fake upstreams."""

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from router.app import create_app
from router.gateway import Gateway
from router.runtime import Reload, Runtime
from router.settings import Settings

Serve = Callable[[Gateway], TestClient]


def runtime_of(gateway: Gateway) -> Runtime:
    """A runtime as app.py would make it."""
    return Runtime(
        gateway=gateway,
        settings=Settings(max_body_bytes=10_000),
        metrics=lambda: (b"slm_router_build_info 1\n", "text/plain"),
        reload=Reload(1_700_000_000.0),
        started=1_700_000_000.0,
    )


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes a client of the application over a gateway."""
    clients: list[TestClient] = []

    def client(gateway: Gateway) -> TestClient:
        made = TestClient(create_app(runtime_of(gateway)), raise_server_exceptions=False)
        clients.append(made.__enter__())
        return made

    yield client
    for made in clients:
        made.__exit__(None, None, None)
