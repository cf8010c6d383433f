"""An OpenAI-compatible server on loopback, and the adapter that reaches it."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from router.upstreams.connections import Connections
from router.upstreams.openai_http import OpenAIHTTP
from tests.fakes.openai_server import FakeOpenAIServer
from tests.upstreams.calls import KEY, http_spec


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


@pytest.fixture
async def upstream(server: FakeOpenAIServer) -> AsyncIterator[OpenAIHTTP]:
    built = OpenAIHTTP(http_spec(server.base_url), SecretStr(KEY), Connections())
    yield built
    await built.close()
