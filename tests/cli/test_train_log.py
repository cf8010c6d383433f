"""`slm-router train --from-log`: prompts that were stored, with the feedback on their answers."""

import asyncio
import json
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from classifiers.prompt_classifier import PromptClassifier
from router.cli import main
from router.core.event import Content, RoutingEvent
from router.core.feedback import Feedback, Source
from router.stores.sqlite import SQLiteDecisionLog
from tests.classifiers.labelled import labelled
from tests.fakes.events import AT, an_event, unanswered
from tests.fakes.process import running_gateway

TABLE = labelled(60)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    return tmp_path


def asked(prompt: str) -> Content:
    body = {"model": "auto", "messages": [{"role": "user", "content": prompt}]}
    return Content(json.dumps(body), "answer")


def record(state: Path, told: Iterable[RoutingEvent | Feedback]) -> None:
    async def all_of_them() -> None:
        log = SQLiteDecisionLog(state / "decisions.sqlite3")
        for one in told:
            if isinstance(one, Feedback):
                await log.record_feedback(one)
            else:
                await log.record(one)
        await log.close()

    asyncio.run(all_of_them())


def history(content: bool = True, source: Source = "user") -> Iterable[RoutingEvent | Feedback]:
    """Sixty judged decisions, each answered by one of two models."""
    for at, prompt in enumerate(TABLE.texts):
        column = at % 2
        kept = asked(prompt) if content else None
        yield an_event(f"d{at}", model=TABLE.models[column], content=kept)
        yield Feedback(f"d{at}", source, AT, float(TABLE.scores[at, column]))


def train(state: Path, *more: str) -> int:
    words = ["--start-from", "pretrained", "--out", str(state / "mine")]
    return main(["train", "--from-log", *words, "--folds", "3", "--bootstrap", "20", *more])


def test_feedback_on_stored_prompts_teaches(state: Path) -> None:
    record(state, history())

    assert train(state) == 0

    body = PromptClassifier.load(state / "mine").manifest.body
    assert body["adaptation"]["labels"] == dict.fromkeys(TABLE.models, 30)
    assert body["adaptation"]["source"] == "decision log"


def test_what_holds_no_prompt_is_counted_with_how_to_keep_it(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, [*history(), an_event("x1"), Feedback("x1", "user", AT, 1.0), unanswered("x2")])

    assert train(state) == 0

    told = capsys.readouterr().err
    assert "1 of 61 decisions with feedback hold no prompt" in told
    assert "slm-router serve --store-content" in told


def test_a_log_without_prompts_teaches_nothing(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, history(content=False))

    assert train(state) == 1

    told = capsys.readouterr().err
    assert "60 decisions, none with its prompt" in told and "--store-content" in told
    assert not (state / "mine").exists()


@pytest.mark.parametrize("words", [["--source", "judge"], ["--since", "1h"]])
def test_only_what_was_asked_for_counts(
    words: list[str], state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, history(source="user"))

    assert train(state, *words) == 1

    assert "holds no feedback that counts here" in capsys.readouterr().err


def test_models_with_few_labels_are_left_out_by_name(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rare = an_event("r", model="rare", content=asked("What?"))
    record(state, [*history(), rare, Feedback("r", "user", AT, 1.0)])

    assert train(state) == 0

    assert "left out, under 20 labels: rare (1)" in capsys.readouterr().err


def test_too_few_labels_of_every_model_are_refused(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, list(history())[:20])

    assert train(state) == 1

    assert "too few labels of any model: house-7b (5), hired-70b (5)" in capsys.readouterr().err


def test_without_a_log_it_says_what_to_do(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(state) == 1

    assert "no decision log" in capsys.readouterr().err


def test_what_a_gateway_kept_can_be_learned_from(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way: requests, feedback over HTTP, training."""
    with running_gateway(state, "--simulated", "--store-content") as gateway:

        def ask(at: int) -> None:
            model = ("sim-small", "sim-large")[at % 2]
            asking = {"model": model, "messages": [{"role": "user", "content": TABLE.texts[at]}]}
            decision = post(f"{gateway.url}/v1/chat/completions", asking)
            post(f"{gateway.url}/v1/feedback", {"decision": decision, "score": at % 4 // 2})

        with ThreadPoolExecutor(11) as callers:  # a simulated model takes its time, as others do
            assert len(list(callers.map(ask, range(44)))) == 44

    assert train(state) == 0

    told = capsys.readouterr()
    assert "44 were answered by simulated models" in told.err
    body = PromptClassifier.load(state / "mine").manifest.body
    assert body["adaptation"]["labels"] == {"sim-large": 22, "sim-small": 22}


def post(url: str, body: object) -> str:
    """Send a body; return the decision that the answer names, if any."""
    sent = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(sent, timeout=30) as answer:
        answer.read()
        return str(answer.headers["x-slm-router-decision"])
