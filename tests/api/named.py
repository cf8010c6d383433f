"""A gateway over models that are asked for by name, and what each is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from router.core.event import RoutingEvent
from router.gateway import Gateway
from tests.fakes.gateway import CATALOG, MemoryLog, fake_gateway, policy
from tests.fakes.upstream import FakeReply, FakeUpstream

PRICE = {"input_usd_per_mtok": 5.0, "output_usd_per_mtok": 10.0}
SOUND = {"content-type": "audio/mpeg"}
MP3 = b"\xff\xf3\x84\xc4\x00data: \n\n\x00"

ASKED: dict[str, dict[str, Any]] = {
    "embeddings": {"input": "Hi"},
    "moderations": {"input": "I hate you"},
    "rerank": {"query": "capital of France", "documents": ["Paris", {"text": "Rome"}]},
    "images": {"prompt": "A fox", "size": "1024x1024"},
    "speech": {"input": "Hello", "voice": "alloy"},
}
PATHS = {
    "embeddings": "/embeddings",
    "moderations": "/moderations",
    "rerank": "/rerank",
    "images": "/images/generations",
    "speech": "/audio/speech",
}


@dataclass(frozen=True)
class Named:
    """A gateway, its two upstreams and a client of it."""

    client: TestClient
    log: MemoryLog
    near: FakeUpstream
    far: FakeUpstream

    def ask(self, endpoint: str, **fields: Any) -> Any:
        """What is answered to a good request with these fields."""
        body = {"model": "it", **ASKED[endpoint], **fields}
        return self.client.post(f"/v1{PATHS[endpoint]}", json=body)

    @property
    def row(self) -> RoutingEvent:
        """The only one."""
        (row,) = self.log.events
        return row


Make = Callable[..., Named]
"""`named` but for its first argument."""


def named(
    serve: Callable[[Gateway], TestClient],
    endpoint: str,
    *replies: FakeReply | BaseException,
    price: Any = PRICE,
    **limits: Any,
) -> Named:
    """A gateway that has one model of a kind nearby, the same farther off, and another there."""
    card = {"location": "local", "speaks": [endpoint], "quality": 0.5, "price": price}
    models = {
        **CATALOG["models"],
        "it": {**card, "upstream": "near"},
        "it@far": {**card, "upstream": "far", "upstream_model": "it"},
        "another": {**card, "upstream": "far", "location": "cloud"},
    }
    near, far = FakeUpstream(*(replies or (answer(endpoint),))), FakeUpstream(answer(endpoint))
    data = {**CATALOG, "models": models}
    policies = (policy(limits=limits),)
    gateway = fake_gateway({"near": near, "far": far}, policies=policies, catalog_data=data)
    assert isinstance(gateway.log, MemoryLog)
    return Named(serve(gateway), gateway.log, near, far)


def answer(endpoint: str, told: bytes = b'{"object":"made"}') -> FakeReply:
    """A good one, `told` if it is JSON."""
    return FakeReply([MP3], headers=SOUND) if endpoint == "speech" else FakeReply([told])
