"""The process log: what a line tells, and what no line ever tells."""

import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from logging.handlers import QueueHandler
from typing import Any

import pytest

from router.core.event import Content, RoutingEvent
from router.errors import DecisionLogError
from router.telemetry import logs
from router.telemetry.logs import LogObserver, configure
from tests.fakes.events import an_event, unanswered

CANARY = "canary-5f1c"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was before the test."""
    root, ours = logging.getLogger(), logging.getLogger("router")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


class Written(io.StringIO):
    """What has been written once every line is."""

    def getvalue(self) -> str:
        for handler in logging.getLogger().handlers:
            handler.flush()
        return super().getvalue()


class Stuck(io.StringIO):
    """A full pipe that nobody reads until `taken` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.taken = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.begun.set()
        self.taken.wait(30)
        return super().write(text)


class Other(logging.Handler):
    """A reader that is none of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record)


def json_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def alone(level: str, as_json: bool, stream: io.StringIO) -> None:
    """Configured as when serving: without pytest's own readers."""
    logging.getLogger().handlers.clear()
    configure(level, as_json, stream)


def written(event: RoutingEvent, level: str = "INFO", as_json: bool = True) -> io.StringIO:
    stream = Written()
    alone(level, as_json, stream)
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


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("logger", ["", "router", "router.requests"])
def test_whoever_else_reads_the_log_hears_of_requests_and_the_lines_stay_the_same(
    as_json: bool, logger: str
) -> None:
    stream, other = Written(), Other()
    alone("INFO", as_json, stream)
    LogObserver().observe(an_event())
    logging.getLogger(logger).addHandler(other)
    try:
        LogObserver().observe(an_event())
    finally:
        logging.getLogger(logger).removeHandler(other)
    first, second = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", stream.getvalue()).splitlines()
    assert first == second
    assert [(it.name, it.levelname, it.getMessage()) for it in other.heard] == [
        ("router.requests", "INFO", "request")
    ]


def test_no_record_is_made_of_a_request_that_only_our_handler_hears_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(logs, "record_of")
    assert "decision=d1" in written(an_event(), as_json=False).getvalue()


def test_a_filter_on_the_requests_of_the_log_is_heeded() -> None:
    requests = logging.getLogger("router.requests")
    requests.addFilter(refuse := lambda record: False)
    try:
        assert written(an_event()).getvalue() == ""
    finally:
        requests.removeFilter(refuse)


def test_a_handler_that_was_closed_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    written(an_event())
    (handler,) = logging.getLogger().handlers
    handler.close()
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 3600.0)
    handler.flush()
    handler.close()


def test_above_info_requests_are_not_written() -> None:
    assert written(an_event(), "WARNING").getvalue() == ""


def test_other_libraries_are_heard_from_warning_on_even_at_debug() -> None:
    stream = Written()
    configure("DEBUG", True, stream)
    logging.getLogger("LiteLLM").debug("the prompt is %s", CANARY)
    logging.getLogger("aiohttp.client").info("sent %s", CANARY)
    logging.getLogger("aiohttp.client").warning("slow")
    logging.getLogger("router.gateway").debug("ours")
    assert [line["message"] for line in json_lines(stream)] == ["slow", "ours"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_foreign_error_shows_its_class_and_place_but_not_its_text(as_json: bool) -> None:
    stream = Written()
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
    stream = Written()
    configure("INFO", True, stream)
    try:
        raise DecisionLogError("The disk is full.")
    except DecisionLogError:
        logging.getLogger("router.gateway").exception("not recorded")
    assert json_lines(stream)[0]["error"].startswith("DecisionLogError: The disk is full. at ")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_message_cannot_forge_a_second_line(as_json: bool) -> None:
    stream = Written()
    configure("INFO", as_json, stream)
    logging.getLogger("router").warning("a\nERROR b\u2028c\x1b[31m\r")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_configuring_again_replaces_the_first_time() -> None:
    first, second = Written(), Written()
    alone("INFO", True, first)
    configure("INFO", True, second)
    LogObserver().observe(an_event())
    assert first.getvalue() == ""
    assert len(json_lines(second)) == 1


def test_nobody_waits_for_a_log_that_is_not_read_and_lost_lines_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "MOST_WAITING", 2)
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 0.01)
    stream, ours = Stuck(), logging.getLogger("router")
    configure("INFO", True, stream)
    ours.info("being written")
    assert stream.begun.wait(20)
    for line in ("first", "second", "lost", "lost"):
        ours.info(line)
    stream.taken.set()
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 20.0)
    (handler,) = (h for h in logging.getLogger().handlers if isinstance(h, QueueHandler))
    handler.flush()
    ours.info("after")
    handler.flush()
    told = [line["message"] for line in json_lines(stream)]
    assert told == ["being written", "first", "second", LOST, "after"]


def test_a_log_that_nobody_reads_keeps_nobody_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 0.01)
    stuck = Stuck()
    configure("INFO", True, stuck)
    logging.getLogger("router").info("never read")
    assert stuck.begun.wait(20)
    configure("INFO", True, Written())
    stuck.taken.set()


LOST = "2 lines were lost, for nobody took them in time"
