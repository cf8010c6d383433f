"""The process log: what a line tells, and what no line ever tells."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from router.core.event import Content, RoutingEvent
from router.errors import DecisionLogError
from router.telemetry.logs import LogObserver, configure
from tests.fakes.events import an_event, unanswered

CANARY = "canary-5f1c"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was before the test."""
    root, ours = logging.getLogger(), logging.getLogger("router")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def json_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def written(event: RoutingEvent, level: str = "INFO", as_json: bool = True) -> io.StringIO:
    stream = io.StringIO()
    configure(level, as_json, stream)
    LogObserver().observe(event)
    return stream


def test_a_request_is_one_json_line_with_its_facts() -> None:
    (line,) = json_lines(written(an_event()))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": "router.requests",
        "message": "request",
        "decision": "d1",
        "endpoint": "chat.completions",
        "policy": "default@1a2b3c4d",
        "rule": "easy",
        "model": "small",
        "outcome": "ok",
        "status": 200,
        "fallbacks": 0,
        "failed_signals": "language",
        "input_tokens": 120,
        "output_tokens": 30,
        "cost_usd": 0.00012,
        "overhead_ms": 2.0,
        "total_ms": 400.0,
    }


def test_a_request_is_one_line_of_text_with_the_same_facts() -> None:
    line = written(an_event(), as_json=False).getvalue()
    assert line.count("\n") == 1
    assert " INFO router.requests request decision=d1 endpoint=chat.completions " in line
    assert " model=small outcome=ok status=200 " in line


def test_what_is_not_known_is_left_out() -> None:
    (line,) = json_lines(written(unanswered()))
    assert not {"model", "cost_usd", "input_tokens"} & set(line)


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
@pytest.mark.parametrize("as_json", [True, False])
def test_nothing_that_a_caller_sent_is_in_a_line(level: str, as_json: bool) -> None:
    event = an_event(
        requested_model=f"{CANARY}-model",
        session=f"{CANARY}-session",
        signals={"keyword": f"{CANARY}-signal"},
        content=Content(f"{CANARY}-request", f"{CANARY}-response"),
    )
    stream = written(event, level, as_json)
    assert "decision" in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_above_info_requests_are_not_written() -> None:
    assert written(an_event(), "WARNING").getvalue() == ""


def test_other_libraries_are_heard_from_warning_on_even_at_debug() -> None:
    stream = io.StringIO()
    configure("DEBUG", True, stream)
    logging.getLogger("LiteLLM").debug("the prompt is %s", CANARY)
    logging.getLogger("aiohttp.client").info("sent %s", CANARY)
    logging.getLogger("aiohttp.client").warning("slow")
    logging.getLogger("router.gateway").debug("ours")
    assert [line["message"] for line in json_lines(stream)] == ["slow", "ours"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_foreign_error_shows_its_class_and_place_but_not_its_text(as_json: bool) -> None:
    stream = io.StringIO()
    configure("INFO", as_json, stream)
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("router.gateway").exception("a signal failed")
    assert "ValueError at " in stream.getvalue()
    assert "test_logs.py:" in stream.getvalue()
    assert CANARY not in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_an_error_of_ours_shows_its_text() -> None:
    stream = io.StringIO()
    configure("INFO", True, stream)
    try:
        raise DecisionLogError("The disk is full.")
    except DecisionLogError:
        logging.getLogger("router.gateway").exception("not recorded")
    assert json_lines(stream)[0]["error"].startswith("DecisionLogError: The disk is full. at ")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_message_cannot_forge_a_second_line(as_json: bool) -> None:
    stream = io.StringIO()
    configure("INFO", as_json, stream)
    logging.getLogger("router").warning("a\nERROR b\u2028c\x1b[31m\r")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_configuring_again_replaces_the_first_time() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure("INFO", True, first)
    configure("INFO", True, second)
    LogObserver().observe(an_event())
    assert first.getvalue() == ""
    assert len(json_lines(second)) == 1
