"""Which answers are drawn, at every endpoint, and that nothing begins before they are out."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from router.api.reviewing import Reviewed, draw_for
from router.app import create_app
from router.dialects.answer_text import text_of
from router.gateway import Gateway
from router.recording import Trace
from tests.api.conftest import runtime_of
from tests.fakes.conversations import FIRST, asked, events
from tests.fakes.exchange import exchange_with
from tests.fakes.gateway import fake_gateway, policy
from tests.fakes.upstream import FakeUpstream, plain_reply, streamed_reply

CHAT = "/v1/chat/completions"
BODIES: dict[str, dict[str, Any]] = {
    CHAT: asked(FIRST),
    "/v1/completions": {"model": "auto", "prompt": "Hi"},
    "/v1/responses": {"model": "auto", "input": "Hi"},
    "/v1/messages": {"model": "auto", "max_tokens": 9, "messages": [FIRST]},
}
JUDGING = {"model": "large", "share": 1.0}


class Asked:
    """An application whose answers are judged, and what was handed over for it."""

    def __init__(self, judging: dict[str, Any] | None = None, **changes: Any) -> None:
        self.near = FakeUpstream(plain_reply("Hello"))
        upstreams = {"near": self.near, "far": FakeUpstream(plain_reply("Hello"))}
        policies = (policy(judging=JUDGING if judging is None else judging, **changes),)
        self.gateway: Gateway = fake_gateway(upstreams, policies=policies)
        self.traces: list[Trace] = []
        runtime = runtime_of(self.gateway)
        runtime.review = self.traces.append
        self.client = TestClient(create_app(runtime), raise_server_exceptions=False)

    def post(self, path: str, **fields: Any) -> list[Trace]:
        answer = self.client.post(path, json={**BODIES.get(path, {}), **fields})
        assert answer.status_code == 200, answer.text
        return self.traces


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("path", BODIES)
def test_an_answer_is_handed_over_whole_at_every_endpoint(path: str, stream: bool) -> None:
    it = Asked()
    if stream:
        it.near._script = [streamed_reply()]

    (trace,) = it.post(path, stream=stream)

    (event,) = events(it.gateway)
    assert trace.event is event and trace.lot is not None
    assert text_of(event.endpoint, stream, bytes(trace.kept)) == "Hello"


@pytest.mark.parametrize(
    ("arm", "changes"),
    [("routed", {}), ("treated", {"control": 1e-9}), ("control", {"control": 1.0})],
)
def test_answers_of_every_arm_are_judged_alike(arm: str, changes: dict[str, Any]) -> None:
    (trace,) = Asked(**changes).post(CHAT)

    assert trace.routed.decision.arm == arm


def test_who_names_a_model_has_chosen_and_is_not_judged() -> None:
    assert Asked().post(CHAT, model="small") == []


def test_several_answers_are_not_judged() -> None:
    assert Asked().post(CHAT, n=2) == []
    assert Asked().post("/v1/completions", n=2) == []


@pytest.mark.parametrize("endpoint", ["embeddings", "messages.count_tokens", "chat.completions"])
async def test_vectors_and_counts_are_not_judged(endpoint: str) -> None:
    trace = (await exchange_with(Asked().gateway)).trace
    trace.call = replace(trace.call, endpoint=endpoint)

    draw_for(trace)

    assert (trace.lot is None) == (endpoint != "chat.completions")


def test_what_is_not_drawn_costs_nothing_and_keeps_nothing() -> None:
    it = Asked({**JUDGING, "share": 0.0})

    assert it.post(CHAT) == []


def test_without_judging_nothing_is_drawn(serve: Callable[[Gateway], TestClient]) -> None:
    gateway = fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()})

    assert serve(gateway).post(CHAT, json=asked(FIRST)).status_code == 200


async def test_a_review_begins_when_the_last_of_an_answer_is_on_its_way() -> None:
    told: list[object] = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.body", "body": b"last"})

    async def send(message: Any) -> None:
        told.append(message["body"])

    async def receive() -> Any:
        raise AssertionError

    trace: Any = "trace"
    await Reviewed(answer, trace, told.append)({}, receive, send)

    assert told == [b"last", "trace"]


async def test_an_answer_that_nobody_took_is_not_reviewed() -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError("gone")

    async def nothing(*_: Any) -> Any:
        return None

    trace: Any = "trace"
    told: list[object] = []
    with pytest.raises(OSError):
        await Reviewed(answer, trace, told.append)({}, nothing, nothing)

    assert told == []
