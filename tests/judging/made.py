"""A gateway whose policy has its answers judged, and one answer that its caller has."""

import json
from collections.abc import Mapping
from typing import Any, cast

from router.api.errors import answer_of
from router.core.bill import OwnCall
from router.core.judging import Lot
from router.core.limits import Limits
from router.dialects.chat_body import ChatBody
from router.exchange import Exchange
from router.gateway import Call, Gateway
from router.judging.reviewer import Reviewer
from router.ports import Signal, Upstream
from router.recording import Trace
from tests.fakes.gateway import CATALOG, MemoryLog, fake_gateway, policy
from tests.fakes.upstream import FakeUpstream, plain_reply

PRICE = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0}
CLOUD_JUDGE = {"upstream": "bench", "location": "cloud", "context_window": 128_000, "quality": 0.9}
MODELS: dict[str, Any] = {
    **CATALOG["models"],
    "judge": {**CLOUD_JUDGE, "price": PRICE, "capabilities": ["json_schema"]},
    "home-judge": {**CLOUD_JUDGE, "upstream": "home", "location": "local", "price": PRICE},
}
BENCH = {"kind": "openai_http", "base_url": "http://127.0.0.1:3/v1"}
JUDGED: dict[str, Any] = {
    "upstreams": {**CATALOG["upstreams"], "bench": BENCH, "home": BENCH},
    "models": MODELS,
}
JUDGING: dict[str, Any] = {"model": "judge", "share": 1.0}
SMALL_ONLY = {"kind": "cheapest_good_enough", "min_quality": 0.7}
BOTH = Lot(shadow=True)


def scored(points: object = 7, prompt: int = 400, completion: int = 6) -> Any:
    """A judge's answer."""
    return plain_reply(json.dumps({"score": points}), prompt, completion)


class Counted:
    """Satisfies router.judging.counts.ReviewCounts."""

    def __init__(self) -> None:
        self.results: list[tuple[str, str]] = []
        self.calls: list[OwnCall] = []

    def reviewed(self, policy: str, purpose: str, result: str) -> None:
        self.results.append((purpose, result))

    def paid(self, policy: str, call: OwnCall) -> None:
        self.calls.append(call)


class World:
    """Fake upstreams: `near` answers, `far` is the baseline, `bench` and `home` judge."""

    def __init__(
        self,
        judging: Mapping[str, Any] = JUDGING,
        signals: Mapping[str, Signal] | None = None,
        upstreams: Mapping[str, Upstream] | None = None,
        models: Mapping[str, Any] = MODELS,
        **changes: Any,
    ) -> None:
        self.near, self.far = FakeUpstream(plain_reply("Four.")), FakeUpstream(plain_reply("4!"))
        self.bench, self.home = FakeUpstream(scored()), FakeUpstream(scored())
        made: dict[str, Upstream] = {
            "near": self.near,
            "far": self.far,
            "bench": self.bench,
            "home": self.home,
            **(upstreams or {}),
        }
        policies = (policy(judging=dict(judging), **changes),)
        data = {**JUDGED, "models": models}
        self.gateway: Gateway = fake_gateway(made, signals, policies, data)
        self.counts = Counted()
        self.reviewer = Reviewer(self.counts)

    @property
    def log(self) -> MemoryLog:
        return cast(MemoryLog, self.gateway.log)

    async def answered(
        self, lot: Lot | None = BOTH, limits: Limits | None = None, id: str = "dec_1", **body: Any
    ) -> Trace:
        """An answer that its caller has, not reviewed yet."""
        asked = {"model": "auto", "messages": [{"role": "user", "content": "2 + 2?"}], **body}
        data = json.dumps(asked).encode()
        chat = ChatBody(data)
        now = self.gateway.clock.elapsed()
        call = Call(
            id=id,
            endpoint="chat.completions",
            request=chat.request(limits or Limits()),
            way=chat.way,
            received=now,
            read=now,
            status_of=lambda error: answer_of(error).status,
        )
        exchange = Exchange(self.gateway, call, await self.gateway.route(call.request, id))
        exchange.trace.lot = lot
        await exchange.open()
        if exchange.streams:
            [_ async for _ in exchange.events()]
        return exchange.trace

    async def reviewed(self, lot: Lot | None = BOTH, **given: Any) -> list[tuple[str, str]]:
        """What became of an answer and of its shadow."""
        self.reviewer.submit(await self.answered(lot, **given))
        await self.reviewer.drain(5.0)
        return self.counts.results
