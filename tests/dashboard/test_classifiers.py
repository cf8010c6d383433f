"""Classifiers: the card, whether what was predicted came true, and what was seen lately."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from classifiers.prompt_classifier import PRETRAINED
from router.core.feedback import Feedback
from tests.dashboard.conftest import Dashboard, Opened
from tests.fakes.events import AT, an_event, unanswered

JUDGED = [
    *(an_event(f"d{i}", at=AT + i) for i in range(40)),
    *(Feedback(f"d{i}", "user", AT, float(i % 4 > 0)) for i in range(40)),
]


def told(it: Dashboard) -> dict[str, Any]:
    found: dict[str, Any] = it.client.get("/api/v1/classifiers").json()
    return found


def test_what_was_predicted_stands_beside_what_came_true(opened: Opened) -> None:
    it = opened(JUDGED)

    [one] = told(it)["reliability"]["bins"]
    assert (one["n"], one["score"]) == (40, 0.75)
    assert one["predicted"] == pytest.approx(0.82)
    assert told(it)["reliability"]["calibration_error"] == pytest.approx(0.07)
    assert told(it)["reliability"]["models"][0]["model"] == "small"


def test_several_sources_of_one_decision_count_once(opened: Opened) -> None:
    it = opened([an_event("d1"), *(Feedback("d1", it, AT, s) for it, s in SOURCES)])

    assert told(it)["reliability"]["n"] == 1
    assert told(it)["reliability"]["bins"][0]["score"] == 0.5


SOURCES: Any = (("user", 1.0), ("judge", 0.0))


def test_what_is_not_measured_is_called_so_and_what_to_do_about_it(opened: Opened) -> None:
    shown = opened([an_event("d1")]).page("/classifiers")
    assert "not measured" in shown and "POST /v1/feedback" in shown

    few = opened([an_event("d2"), Feedback("d2", "user", AT, 1.0)]).page("/classifiers")
    assert "not enough data" in few and "1 of about 30" in few


def test_an_answer_that_nobody_gave_cannot_be_judged_by_what_was_predicted(opened: Opened) -> None:
    it = opened([unanswered("d1"), Feedback("d1", "user", AT, 0.0)])

    assert told(it)["reliability"]["n"] == 0


def test_the_chart_says_what_its_table_says(opened: Opened) -> None:
    shown = opened(JUDGED).page("/classifiers")

    charts = [
        msgspec.json.decode(unescape(it)) for it in re.findall(r'data-chart="([^"]*)"', shown)
    ]
    assert charts[0]["kind"] == "points"
    at = charts[0]["at"].index(pytest.approx(0.82))
    assert charts[0]["series"][0]["values"][at] == 0.75
    assert charts[0]["series"][0]["low"][at] < 0.75 < charts[0]["series"][0]["high"][at]
    assert '<td class="n">0.75</td>' in shown
    assert sum(charts[1]["series"][0]["values"]) == 0, "no confidence is among these signals"


def test_lately_tells_what_requests_looked_like(opened: Opened) -> None:
    signals = {"complexity": 0.21, "complexity_confidence": 1.0, "domain": "law", "abstain": True}
    events = [
        an_event("d1", signals=signals, failed_signals={}),
        an_event("d2", signals={**signals, "domain": "math", "abstain": False}),
        an_event("d3", signals={}, failed_signals={"learned": "TimeoutError"}),
    ]
    lately = told(opened(events))["lately"]

    assert lately["n"] == 3
    assert lately["mean_complexity"] == pytest.approx(0.21)
    assert lately["complexity"] == [0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    assert lately["confidence"]["complexity_confidence"][-1] == 2
    assert lately["strange_share"] == 0.5
    assert lately["failed"] == {"language": 1, "learned": 1}
    assert {it["label"]: it["share"] for it in lately["domains"]} == {"law": 0.5, "math": 0.5}


def test_the_artifact_in_use_shows_its_card_and_every_figure(opened: Opened) -> None:
    it = opened()
    it.runtime.artifacts = lambda: {"default": PRETRAINED, "other": PRETRAINED}

    [artifact] = told(it)["artifacts"]
    manifest = msgspec.json.decode((PRETRAINED / "manifest.json").read_bytes())
    assert artifact["policies"] == ["default", "other"]
    assert artifact["version"] == manifest["sha256"][:12]
    assert len(artifact["figures"]) == sum(map(len, manifest["figures"].values()))
    shown = it.page("/classifiers")
    assert artifact["version"] in shown
    assert "Says of a prompt: complexity" in shown


LIKE_CHAT: dict[str, Any] = {
    "complexity": 0.05,
    "complexity_confidence": 0.9,
    "domain": "other",
    "domain_confidence": 0.95,
    "task": "chat",
    "task_confidence": 0.95,
    "abstain": False,
}


def test_every_signal_is_held_against_training(opened: Opened) -> None:
    it = opened([an_event(f"d{i}", signals=LIKE_CHAT, failed_signals={}) for i in range(80)])
    it.runtime.artifacts = lambda: {"default": PRETRAINED}

    found = {one["signal"]: one for one in told(it)["artifacts"][0]["drift"]}
    assert found.keys() == LIKE_CHAT.keys()
    assert all(one["state"] == "value" and one["n"] == 80 for one in found.values())
    assert all(one["low"] <= one["value"] <= one["high"] for one in found.values())
    assert found["task"]["value"] > 0.25 > found["abstain"]["chance"]
    assert "as in training" in found["abstain"]["sentence"]
    shown = it.page("/classifiers")
    assert "Drift from training" in shown
    assert "task: much other than in training" in shown


def test_a_complexity_of_the_policys_own_models_is_not_held_against_training(
    opened: Opened,
) -> None:
    it = opened([an_event(f"d{i}", signals=LIKE_CHAT, failed_signals={}) for i in range(80)])
    it.runtime.artifacts = lambda: {"default": PRETRAINED}
    policies = it.runtime.gateway.policies
    own = {name: replace(one, own_gap=True) for name, one in policies.items()}
    it.runtime.gateway = replace(it.runtime.gateway, policies=own)

    found = {one["signal"]: one for one in told(it)["artifacts"][0]["drift"]}
    assert found["complexity"]["state"] == "not_measured"
    assert "own two models" in found["complexity"]["sentence"]
    assert found["domain"]["state"] == "value"


def test_an_artifact_without_a_record_of_its_training_says_what_to_do(
    opened: Opened, tmp_path: Path
) -> None:
    manifest = msgspec.json.decode((PRETRAINED / "manifest.json").read_bytes())
    del manifest["distribution"]
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    it = opened([an_event("d1", signals=LIKE_CHAT, failed_signals={})])
    it.runtime.artifacts = lambda: {"default": tmp_path}

    found = told(it)["artifacts"][0]["drift"]
    assert {one["state"] for one in found} == {"not_measured"}
    assert "train again to record it" in it.page("/classifiers")


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"sha256": 1}', '{"sha256": "ab", "heads": 1}']
)
def test_an_artifact_that_cannot_be_read_is_told_and_spoils_nothing(
    opened: Opened, tmp_path: Path, content: str | None
) -> None:
    folder = tmp_path / "artifact"
    folder.mkdir()
    if content is not None:
        (folder / "manifest.json").write_text(content, "utf-8")
    it = opened()
    it.runtime.artifacts = lambda: {"default": folder}

    assert told(it)["artifacts"][0]["error"] == "Its manifest cannot be read."
    assert "cannot be read" in it.page("/classifiers")


def test_before_any_request_the_page_stands(opened: Opened) -> None:
    assert "Nothing was routed yet" in opened().page("/classifiers")
