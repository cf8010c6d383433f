"""simulated: answers by itself, with set delays and faults: for demonstrations and load tests.

Rule: no chance and no network. Whether a call fails depends on its body alone, so a run repeats.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from router.core.catalog import Catalog, SimulatedSpec
from router.errors import InvalidRequest, UpstreamUnreachable
from router.ports import Reply, UpstreamCall
from router.upstreams import simulated_body
from router.upstreams.reply import EVENT_STREAM, JSON, BytesReply, error_reply
from router.upstreams.simulated_answer import Answers, answers
from router.upstreams.simulated_embeddings import embeddings
from router.upstreams.simulated_wire import completion, events

CHAT = "/chat/completions"
EMBEDDINGS = "/embeddings"
SHORTEST_SLEEP_S = 0.002
"""Below this an event loop's timer is coarser than the wait."""

_STREAM_HEADERS = {"content-type": EVENT_STREAM}


class Simulated:
    """One simulated upstream; it serves a model of any name."""

    def __init__(self, spec: SimulatedSpec) -> None:
        self._spec = spec

    async def open(self, call: UpstreamCall) -> Reply:
        """Wait as long as the spec says, then answer. Raises UpstreamUnreachable in its share."""
        path = call.path.removeprefix("/v1")
        if path not in (CHAT, EMBEDDINGS):
            return _refusal(404, f"A simulated upstream has no {call.path}.")
        fault = self._fault(call.body)
        if fault is not None:
            await asyncio.sleep(self._spec.first_token)
            return fault
        try:
            if path == EMBEDDINGS:
                return await self._embedded(call)
            told = answers(simulated_body.chat(call.body), call.model)
        except InvalidRequest as error:
            return error_reply(400, str(error), "invalid_request_error", param=error.param)
        if call.stream:
            await asyncio.sleep(self._spec.first_token)
            return _SimulatedStream(told, self._spec.tokens_per_second)
        seconds = max(choice.tokens for choice in told.choices) / self._spec.tokens_per_second
        await asyncio.sleep(self._spec.first_token + seconds)
        body = msgspec.json.encode(completion(told))
        return BytesReply(200, {"content-type": JSON}, body)

    async def close(self) -> None:
        """Nothing is held."""

    async def _embedded(self, call: UpstreamCall) -> Reply:
        told = embeddings(simulated_body.embeddings(call.body), call.model)
        await asyncio.sleep(self._spec.first_token)
        return BytesReply(200, {"content-type": JSON}, msgspec.json.encode(told))

    def _fault(self, body: bytes) -> Reply | None:
        """What goes wrong with this body, if anything: overload, a rate limit or no connection."""
        digest = hashlib.sha256(body).digest()
        if int.from_bytes(digest[:8]) / 2**64 >= self._spec.failing_share:
            return None
        match digest[8] % 3:
            case 0:
                return _refusal(503, "The simulated upstream is overloaded.", "server_error")
            case 1:
                told = "The simulated upstream's rate limit is reached."
                return error_reply(429, told, "rate_limit_error", headers={"retry-after": "1"})
        raise UpstreamUnreachable("The simulated upstream cannot be reached.")


class _SimulatedStream:
    """A stream, one token an event, at the pace set."""

    def __init__(self, told: Answers, tokens_per_second: float) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = _STREAM_HEADERS
        self._told = told
        self._pace = 1 / tokens_per_second

    def at_hand(self) -> None:
        """Never: a stream comes in pieces."""

    async def chunks(self) -> AsyncIterator[bytes]:
        """The events, `[DONE]` last."""
        clock = asyncio.get_running_loop().time
        due = clock()
        for event, is_token in events(self._told):
            due += self._pace if is_token else 0.0
            if due - clock() > SHORTEST_SLEEP_S:
                await asyncio.sleep(due - clock())
            yield event

    async def close(self) -> None:
        """Nothing is held."""


def simulated_catalog() -> Catalog:
    """Two simulated models, a small cheap one and a large dear one, with set prices and delays."""
    return Catalog.model_validate(
        {
            "upstreams": {
                "simulated-small": {
                    "kind": "simulated",
                    "first_token": "20ms",
                    "tokens_per_second": 600.0,
                },
                "simulated-large": {
                    "kind": "simulated",
                    "first_token": "80ms",
                    "tokens_per_second": 250.0,
                },
            },
            "models": {
                "sim-small": _card("simulated-small", "local", 0.72, (0.05, 0.20), (20, 600.0)),
                "sim-large": _card("simulated-large", "cloud", 0.93, (2.50, 10.00), (80, 250.0)),
            },
        }
    )


def _card(
    upstream: str,
    location: str,
    quality: float,
    price: tuple[float, float],
    pace: tuple[int, float],
) -> dict[str, Any]:
    return {
        "upstream": upstream,
        "location": location,
        "context_window": 128_000,
        "max_output_tokens": 16_384,
        "expected_output_tokens": 60 if location == "local" else 90,
        "capabilities": ("tools", "json_schema", "vision"),
        "price": {"input_usd_per_mtok": price[0], "output_usd_per_mtok": price[1]},
        "quality": quality,
        "latency": {"first_token": f"{pace[0]}ms", "tokens_per_second": pace[1]},
    }


def _refusal(status: int, message: str, type_: str = "invalid_request_error") -> Reply:
    return error_reply(status, message, type_)
