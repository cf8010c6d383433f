"""litellm's connections end with the upstream's, and come back with the next one."""

import gc

import aiohttp
import pytest
from pydantic import SecretStr

from router.core.catalog import LiteLLMSpec
from router.upstreams.connections import Connections
from router.upstreams.litellm import LiteLLM
from tests.fakes.anthropic_server import FakeAnthropicServer
from tests.upstreams.calls import body_of, call

pytestmark = pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning")


def open_sessions() -> list[aiohttp.ClientSession]:
    """Every client session of this process that nobody has closed."""
    found = gc.get_objects()
    # By type: isinstance asks the object for its class, and some lazy ones answer with a warning.
    sessions = (thing for thing in found if issubclass(type(thing), aiohttp.ClientSession))
    return [session for session in sessions if not session.closed]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
async def test_closing_leaves_no_session_open_and_a_new_upstream_works(stream: bool) -> None:
    before = open_sessions()
    async with FakeAnthropicServer() as server:
        spec = LiteLLMSpec(kind="litellm", provider="anthropic", base_url=server.base_url)
        for _ in range(2):
            upstream = LiteLLM(spec, SecretStr("sk-ant-canary"), Connections())
            reply = await upstream.open(call("claude-haiku-4-5", stream=stream))
            assert await body_of(reply)
            assert open_sessions() != before
            await upstream.close()
            assert open_sessions() == before
