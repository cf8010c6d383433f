"""The HTTP shell in process, over a gateway on fake upstreams."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from router.app import create_app
from router.core.catalog import OpenAIHTTPSpec
from router.errors import UpstreamUnreachable
from router.gateway import Gateway
from router.ports import StatsStore
from router.runtime import Reload, Runtime
from router.settings import Settings
from router.upstreams.connections import Connections
from router.upstreams.openai_http import OpenAIHTTP
from tests.api.named import Make, named
from tests.fakes.gateway import CATALOG, MemoryLog, catalog, fake_gateway
from tests.fakes.scripted_upstream import Answering, ScriptedUpstream, scripted_process_wide
from tests.fakes.upstream import FakeUpstream

KEY = "sk-canary-0123456789"
NOWHERE = Path("/nonexistent/slm-router")
"""What the developer's own gateway has logged is nothing to go by."""

Serve = Callable[[Gateway], TestClient]


def runtime_of(gateway: Gateway) -> Runtime:
    """A runtime as app.py would make it."""
    return Runtime(
        gateway=gateway,
        settings=Settings(max_body_bytes=10_000, state_dir=NOWHERE),
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


@pytest.fixture
def make(serve: Serve) -> Make:
    """Makes an application over models that are asked for by name."""
    return partial(named, serve)


@dataclass(frozen=True)
class Through:
    """The application, and the server that it reaches as its nearer model's upstream."""

    client: TestClient
    upstream: ScriptedUpstream
    log: MemoryLog
    stats: StatsStore


@pytest.fixture
def through(serve: Serve) -> Iterator[Callable[..., Through]]:
    """Makes an application over a scripted server, whose key is KEY; `spec` is the upstream's."""
    with ExitStack() as stack:

        def made(
            script: Answering | None = None, capable: Sequence[str] = ("tools",), **spec: Any
        ) -> Through:
            upstream = stack.enter_context(scripted_process_wide(script))
            near = {"kind": "openai_http", "base_url": upstream.base_url, **spec}
            small = {**CATALOG["models"]["small"], "capabilities": capable}
            data = {
                "upstreams": {**CATALOG["upstreams"], "near": near},
                "models": {**CATALOG["models"], "small": small},
            }
            read = catalog(data).upstreams["near"]
            assert isinstance(read, OpenAIHTTPSpec)
            reached = OpenAIHTTP(read, SecretStr(KEY), Connections())
            down = FakeUpstream(UpstreamUnreachable("down"))
            gateway = fake_gateway({"near": reached, "far": down}, catalog_data=data)
            client = serve(gateway)
            stack.callback(lambda: client.portal.call(reached.close))  # type: ignore[union-attr]
            return Through(client, upstream, cast(MemoryLog, gateway.log), gateway.stats)

        yield made
