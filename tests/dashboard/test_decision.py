"""One decision in full: why, what else, what would flip it, and what may be done with it."""

import re
import shlex
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from router.core.event import Attempt, Content
from router.core.feedback import Feedback
from router.gateway import Gateway
from tests.dashboard.conftest import HOME, PAGE, Dashboard, Opened
from tests.dashboard.test_login import READ, sign_in
from tests.fakes.events import AT, an_event, decided, unanswered
from tests.fakes.gateway import CATALOG, fake_gateway
from tests.fakes.upstream import FakeUpstream

ASKED = {"role": "user", "content": "..."}
OWN = {"origin": HOME}
HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}
CONTENT = Content('{"model": "auto", "messages": []}', "An answer <b>of mine</b>")


def answering() -> Gateway:
    return fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()})


def asked(it: Dashboard) -> str:
    """The id of a decision that was really taken."""
    answer = it.client.post("/v1/chat/completions", json=HELLO)
    assert answer.status_code == 200
    return answer.headers["x-slm-router-decision"]


def report(it: Dashboard, id: str = "d1") -> dict[str, Any]:
    told: dict[str, Any] = it.client.get(f"/api/v1/decisions/{id}").json()
    return told


def test_one_sentence_says_who_answered_why_and_at_what_price(opened: Opened) -> None:
    it = opened([an_event("d1")])

    assert report(it)["sentence"] == (
        "small answered, 400 ms in all, because the rule easy held and, of its candidates, small"
        " came first: cheapest whose predicted quality reaches 0.80. It cost $0.000120; the same"
        " tokens from large, the baseline, would have cost $0.000600."
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (unanswered("d1"), "Nobody answered: no model may and can serve it"),
        (an_event("d1", cost_usd=None), "What it cost is not known."),
        (an_event("d1", baseline=None, baseline_cost_usd=None), "It cost $0.000120."),
        (an_event("d1", baseline="always:small"), "which is what the baseline, always small"),
        (
            an_event("d1", decision=decided(strategy="named"), requested_model="small"),
            "the request named this model",
        ),
        (
            an_event("d1", decision=decided(strategy="named"), requested_model="e5"),
            "the request named e5",
        ),
        (an_event("d1", baseline="requested", requested_model="small"), "It cost $0.000120."),
        (
            an_event("d1", baseline="requested", requested_model="e5"),
            "the same tokens from e5, the baseline,",
        ),
        (an_event("d1", outcome="cancelled"), "when the caller left"),
        (an_event("d1", outcome="broken"), "broke off"),
        (
            an_event(
                "d1",
                model="large",
                attempts=(
                    Attempt("small", "near", 500, "UpstreamRefused", 0.1),
                    Attempt("large", "far", 200, None, 0.3),
                ),
            ),
            "large answered after small failed",
        ),
    ],
)
def test_the_sentence_fits_what_happened(opened: Opened, event: Any, words: str) -> None:
    assert words in report(opened([event]))["sentence"]


def test_every_model_is_there_with_what_was_expected_or_what_ruled_it_out(opened: Opened) -> None:
    it = opened([an_event("d1")])

    told = {one["model"]: one for one in report(it)["considered"]}
    assert [told[name]["rank"] for name in ("small", "large", "tiny")] == [1, 2, None]
    assert told["tiny"]["code"] == "context_too_small"
    page = it.page("/decisions/d1")
    assert "about 9000 tokens exceed its window" in page
    csv = it.client.get("/api/v1/decisions/d1?format=csv").text.splitlines()
    assert [line.partition(",")[0] for line in csv] == ["model", "small", "large", "tiny"]


def test_steps_tell_their_times(opened: Opened) -> None:
    steps = {one["step"]: one for one in report(opened([an_event("d1")]))["steps"]}

    assert steps["Signals and decision"]["seconds"] == 0.001
    assert steps["Asked small"]["seconds"] == 0.4
    assert steps["First byte to the caller"]["at_s"] == 0.3
    assert steps["End"]["at_s"] == 0.4


def test_a_decision_really_taken_tells_what_would_flip_it(opened: Opened) -> None:
    it = opened(gateway=answering())
    told = report(it, asked(it))

    assert told["no_flips_because"] is None
    assert ("threshold", "min_quality", "large") in {
        (flip["kind"], flip["name"], flip["model"]) for flip in told["flips"]
    }
    assert "it would go to" in it.page(f"/decisions/{told['decision']}")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "Another version"),
        ({"decision": decided(policy="gone")}, "no longer loaded"),
        ({"decision": decided(strategy="named")}, "named its model"),
    ],
)
def test_where_nothing_can_be_told_of_flips_it_says_why(
    opened: Opened, changes: dict[str, Any], why: str
) -> None:
    told = report(opened([an_event("d1", **changes)]))

    assert told["flips"] == []
    assert why in told["no_flips_because"]


def test_the_same_tokens_are_priced_on_every_model(opened: Opened) -> None:
    it = opened(gateway=answering())
    id = asked(it)
    told = {one["model"]: one for one in report(it, id)["same_tokens_elsewhere"]}
    row = report(it, id)

    large = (row["input_tokens"] * 2.5 + row["output_tokens"] * 10.0) / 1e6
    assert told["large"]["cost_usd"] == pytest.approx(large)
    assert told["small"]["cost_usd"] == pytest.approx(row["cost_usd"])
    assert row["baseline_cost_usd"] == pytest.approx(large)


def test_a_prompt_is_shown_to_admins_alone_where_it_is_stored(opened: Opened) -> None:
    event = an_event("d1", content=CONTENT)

    shown = opened([event]).page("/decisions/d1")
    assert "An answer &lt;b&gt;of mine&lt;/b&gt;" in shown
    closed = opened([replace(event, id="d2")], keyring=READ, require_keys=True)
    sign_in(closed, "reader")
    assert "of mine" not in closed.page("/decisions/d2")
    told = closed.client.get("/api/v1/decisions/d2")
    assert told.json()["content"] is None
    assert "of mine" not in told.text and "request_content" not in told.text
    sign_in(closed, "boss")
    assert "of mine" in closed.page("/decisions/d2")


def test_curl_is_the_stored_request_or_one_to_fill_in(opened: Opened) -> None:
    it = opened([an_event("d1", content=CONTENT), an_event("d2", requested_model="it's")])

    words = shlex.split(report(it)["curl"].replace("\\\n", " "))
    assert words[:3] == ["curl", "-sN", f"{HOME}/v1/chat/completions"]
    assert words[-1] == CONTENT.request
    filled = shlex.split(report(it, "d2")["curl"].replace("\\\n", " "))
    assert msgspec.json.decode(filled[-1])["model"] == "it's"


@pytest.mark.parametrize(
    ("endpoint", "path", "asked"),
    [
        ("embeddings", "/v1/embeddings", {"input": "..."}),
        ("responses", "/v1/responses", {"input": "..."}),
        ("completions", "/v1/completions", {"prompt": "..."}),
        ("messages.count_tokens", "/v1/messages/count_tokens", {"messages": [ASKED]}),
        ("messages", "/v1/messages", {"max_tokens": 1024, "messages": [ASKED]}),
    ],
)
def test_curl_asks_in_the_form_of_the_endpoint(
    opened: Opened, endpoint: str, path: str, asked: dict[str, Any]
) -> None:
    words = shlex.split(
        report(opened([an_event("d1", endpoint=endpoint)]))["curl"].replace("\\\n", " ")
    )

    assert words[2] == HOME + path
    assert msgspec.json.decode(words[-1]) == {"model": "auto", **asked}


def test_what_embeds_is_compared_with_what_embeds(opened: Opened) -> None:
    e5 = {**CATALOG["models"]["small"], "speaks": ["embeddings"]}
    data = {**CATALOG, "models": {**CATALOG["models"], "e5": e5}}
    it = opened(
        [an_event("d1"), an_event("d2", endpoint="embeddings")],
        fake_gateway({}, catalog_data=data),
    )

    told = [[m["model"] for m in report(it, id)["same_tokens_elsewhere"]] for id in ("d1", "d2")]
    assert "e5" not in told[0] and told[1] == ["e5"]


def test_curl_tags_the_request_as_it_was_tagged(opened: Opened) -> None:
    it = opened([an_event("d1", tags=("checkout", "team=search")), an_event("d2")])

    words = shlex.split(report(it)["curl"].replace("\\\n", " "))
    assert words[words.index("x-slm-router-tags: checkout, team=search") - 1] == "-H"
    assert "x-slm-router-tags" not in report(it, "d2")["curl"]


def test_what_the_reader_says_of_an_answer_is_kept_as_feedback(opened: Opened) -> None:
    it = opened([an_event("d1"), Feedback("d1", "judge", AT, 0.5)])
    form = re.search(r'action="(/decisions/d1/feedback)"', it.page("/decisions/d1"))
    assert form is not None

    answer = it.client.post(
        form[1], data={"word": "underpowered"}, headers={**OWN, **PAGE}, follow_redirects=False
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/decisions/d1")
    said = {one["source"]: (one["score"], one["word"]) for one in report(it)["feedback"]}
    assert said == {"judge": (0.5, None), "user": (0.0, "underpowered")}
    assert 'value="underpowered" aria-pressed="true"' in it.page("/decisions/d1")


def test_a_word_that_is_none_is_refused(opened: Opened) -> None:
    it = opened([an_event("d1")])

    answer = it.client.post("/decisions/d1/feedback", data={"word": "great"}, headers=OWN)

    assert answer.status_code == 400
    assert report(it)["feedback"] == []


def test_who_may_only_look_may_not_judge(opened: Opened) -> None:
    it = opened([an_event("d1")], keyring=READ, require_keys=True)
    sign_in(it, "reader")

    assert "/feedback" not in it.page("/decisions/d1")
    answer = it.client.post("/decisions/d1/feedback", data={"word": "failed"}, headers=OWN)
    assert answer.status_code == 403


@pytest.mark.parametrize("id", ["nothing", "%3Cscript%3E", "d1%20", "x" * 500])
def test_an_unknown_decision_is_404_on_a_page_and_in_the_report(opened: Opened, id: str) -> None:
    it = opened([an_event("d1")])

    assert "<script>" not in it.page(f"/decisions/{id}", status=404)
    answer = it.client.get(f"/api/v1/decisions/{id}")
    assert answer.json()["error"]["code"] == "decision_not_found"


def test_what_a_caller_wrote_is_text(opened: Opened) -> None:
    wild = "<img src=x onerror=alert(1)>"
    it = opened([an_event("d1", requested_model=wild, key_name=wild, signals={wild: wild})])

    assert "<img src=x" not in it.page("/decisions/d1")
