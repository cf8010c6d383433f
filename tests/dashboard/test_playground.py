"""One request under several policies: decided only, calling nobody, or answered and recorded."""

from typing import Any

import pytest
from msgspec.structs import replace

from router.core.event import Content
from tests.dashboard.conftest import HOME, PAGE, Dashboard, Opened
from tests.dashboard.test_login import READ, sign_in
from tests.fakes.events import an_event
from tests.fakes.gateway import fake_gateway, policy
from tests.fakes.upstream import FakeUpstream

OWN = {"origin": HOME}
BEST = {"strategy": {"kind": "best_quality"}}
MESSAGES = '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]'


@pytest.fixture
def two(opened: Opened) -> Dashboard:
    """A gateway of two policies that disagree."""
    upstreams = {"near": FakeUpstream(), "far": FakeUpstream()}
    both = (policy(), policy(name="best", default=BEST))
    return opened(gateway=fake_gateway(upstreams, policies=both))


def asked(it: Dashboard, **given: Any) -> dict[str, Any]:
    answer = it.client.post("/api/v1/playground", json=given)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_deciding_shows_both_choices_and_calls_nobody(two: Dashboard) -> None:
    told = asked(two, prompt="Hello", policies=["default", "best"])

    assert [(it["policy"], it["model"]) for it in told["results"]] == [
        ("default@1a2b3c4d", "small"),
        ("best@1a2b3c4d", "large"),
    ]
    assert {it["answer"] for it in told["results"]} == {None}
    assert two.client.get("/api/v1/decisions").json()["decisions"] == []


def test_running_is_a_request_like_any_other(two: Dashboard) -> None:
    told = asked(two, prompt="Hello", policies=["default", "best"], run=True)

    for it, model in zip(told["results"], ("small", "large"), strict=True):
        assert it["answer"]["model"] == model
        assert it["answer"]["text"]
        assert it["answer"]["cost_usd"] > 0
    logged = two.client.get("/api/v1/decisions").json()["decisions"]
    assert {row["decision"] for row in logged} == {it["decision"] for it in told["results"]}
    assert {row["requested_model"] for row in logged} == {"auto:default", "auto:best"}


def test_a_model_that_fails_is_told_in_place_of_its_answer(opened: Opened) -> None:
    from router.errors import UpstreamUnreachable

    down = FakeUpstream(UpstreamUnreachable("down"))
    it = opened(gateway=fake_gateway({"near": down, "far": down}))

    [told] = asked(it, prompt="Hello", run=True)["results"]

    assert told["answer"]["text"] is None
    assert told["answer"]["error"] == "down"


def test_rules_and_flips_come_with_it(two: Dashboard) -> None:
    [told] = asked(two, prompt="Hello", policies=["default"])["results"]

    assert [rule["verdict"] for rule in told["rules"]] == ["decides"]
    assert ("threshold", "min_quality") in {(it["kind"], it["name"]) for it in told["flips"]}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": 1}, "prompt"),
        ({"prompt": "a", "messages": []}, "prompt"),
        ({"messages": []}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"prompt": "a", "policies": []}, "policies"),
        ({"prompt": "a", "policies": ["gone"]}, "policies[0]"),
        ({"prompt": "a", "run": "yes"}, "run"),
    ],
)
def test_a_wrong_field_is_named(two: Dashboard, given: dict[str, Any], field: str) -> None:
    answer = two.client.post("/api/v1/playground", json=given)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field


def played(it: Dashboard, status: int = 200, **form: Any) -> str:
    answer = it.client.post("/playground", data=form, headers={**OWN, **PAGE})
    assert answer.status_code == status, answer.text
    return answer.text


@pytest.mark.parametrize(
    "text",
    ["Hello", MESSAGES, f'{{"messages": {MESSAGES}, "max_tokens": 5}}', "[sic] not JSON", "{}"],
)
def test_a_prompt_messages_or_a_whole_body_may_be_written(two: Dashboard, text: str) -> None:
    shown = played(two, asked=text, policy=["default", "best"], do="decide")

    assert "<strong>small</strong>" in shown
    assert "<strong>large</strong>" in shown


def test_what_was_written_stays_in_the_form_also_where_it_is_wrong(two: Dashboard) -> None:
    shown = played(two, 400, asked='{"messages": [', policy=["best"], do="decide")

    assert "messages: Expected JSON" in shown
    assert "{&#34;messages&#34;: [</textarea>" in shown
    assert "<option selected>best</option>" in shown


def test_one_policy_alone_may_be_asked(two: Dashboard) -> None:
    shown = played(two, asked="Hello", policy=["best", "none"], do="decide")

    assert "<strong>large</strong>" in shown
    assert "<strong>small</strong>" not in shown


def test_a_stored_request_is_opened_from_its_decision_for_admins_alone(opened: Opened) -> None:
    event = an_event("d1", content=Content('{"messages": "mine"}', "x"))

    assert "mine" in opened([event]).page("/playground?decision=d1")
    closed = opened([replace(event, id="d2")], keyring=READ, require_keys=True)
    sign_in(closed, "reader")
    assert "mine" not in closed.page("/playground?decision=d2")


def test_who_may_only_look_may_not_play(opened: Opened) -> None:
    it = opened(keyring=READ, require_keys=True)
    sign_in(it, "reader")

    assert it.client.post("/playground", data={"asked": "x"}, headers=OWN).status_code == 403
    answer = it.client.post("/api/v1/playground", json={"prompt": "x"}, headers=OWN)
    assert answer.status_code == 403


def test_what_is_answered_is_text_on_the_page(two: Dashboard) -> None:
    assert "<script>x" not in played(two, asked="<script>x", policy=["default"], do="run")
