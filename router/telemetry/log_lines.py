"""A line of the process log: what it tells of a request, as JSON or as text.

Rule: no prompt, no answer, no key and no address is ever put into a line, at any level. Nor is
anything that a caller sent; an error of another's making shows its class and where it rose only.
"""

import json
import logging
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any

from msgspec import Struct

from router.core.event import RoutingEvent
from router.errors import RouterError

REQUESTS = "router.requests"
"""The logger of the lines that tell of requests, each at INFO."""

MESSAGE = "request"
FACTS = "facts"
"""Under this name a record holds what its line tells beside its message."""


class Request(Struct, frozen=True):
    """A line that tells of a request: when it was over, in Unix seconds, and what it became."""

    at: float
    event: RoutingEvent


Line = logging.LogRecord | Request


def record_of(request: Request) -> logging.LogRecord:
    """The same for handlers of others'. Not made by `info`, which looks up who calls it."""
    record = logging.LogRecord(REQUESTS, logging.INFO, __file__, 0, MESSAGE, None, None)
    setattr(record, FACTS, request.event)
    return record


def facts(event: RoutingEvent) -> Mapping[str, Any]:
    """What a line tells of a request. Times in milliseconds, cost in US dollars."""
    usage, timings, failed = event.usage, event.timings, event.failed_signals
    return {
        "decision": event.id,
        "endpoint": event.endpoint,
        "policy": f"{event.decision.policy}@{event.policy_version}",
        "rule": event.decision.rule,
        "model": event.model,
        "outcome": event.outcome,
        "status": event.status,
        "fallbacks": event.fallbacks,
        "failed_signals": ",".join(sorted(failed)) if failed else None,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "cost_usd": event.cost_usd,
        "overhead_ms": round(timings.overhead_s * 1000, 2),
        "total_ms": round(timings.total_s * 1000, 1),
    }


class LineFormatter(logging.Formatter):
    """Makes the text of a line."""

    def line(self, line: Line) -> str:
        """The text, without its end."""
        return self.request(line) if isinstance(line, Request) else self.format(line)

    def request(self, line: Request) -> str:
        """Of a request: the same as that of its record."""
        return self.format(record_of(line))


class JSONFormatter(LineFormatter):
    """One JSON object a line: time, level, logger, message, and a request's facts if it has any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, in ASCII, without its end."""
        line = _of_json(_time(record.created), record.levelname, record.name, record.getMessage())
        line |= _facts_of(record)
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1])
        return _encoder.encode(line)

    def request(self, line: Request) -> str:
        """The same of a request, without a record."""
        return _encoder.encode(
            _of_json(_time(line.at), "INFO", REQUESTS, MESSAGE) | _known(facts(line.event))
        )


class TextFormatter(LineFormatter):
    """Time, level, logger and message, then a request's facts as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end. Line breaks in a message are escaped: one record, one line."""
        told = [
            _time(record.created),
            record.levelname,
            record.name,
            _one_line(record.getMessage()),
        ]
        told += [f"{name}={_value(value)}" for name, value in _facts_of(record).items()]
        if record.exc_info and record.exc_info[1] is not None:
            told.append(f"error={_value(_error(record.exc_info[1]))}")
        return " ".join(told)

    def request(self, line: Request) -> str:
        """The same of a request, without a record."""
        told = facts(line.event)
        words = [
            f" {name}={value if type(value) in _NUMBERS else _value(value)}"
            for name, value in told.items()
            if value is not None
        ]
        return f"{_time(line.at)} INFO {REQUESTS} {MESSAGE}{''.join(words)}"


_encoder = json.JSONEncoder(default=str)


def _of_json(time: str, level: str, logger: str, message: str) -> dict[str, Any]:
    return {"time": time, "level": level, "logger": logger, "message": message}


def _facts_of(record: logging.LogRecord) -> Mapping[str, Any]:
    told: Mapping[str, Any] | RoutingEvent = getattr(record, FACTS, {})
    return _known(facts(told) if isinstance(told, RoutingEvent) else told)


def _known(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _time(at: float) -> str:
    """ISO 8601, UTC, to the millisecond."""
    second = int(at)
    return f"{_second(second)}.{int((at - second) * 1000):03d}Z"


@lru_cache(8)
def _second(at: int) -> str:
    # Lines come many to the second.
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


def _error(error: BaseException) -> str:
    """An error as it may be shown: our own texts are safe, others may quote what was sent."""
    told = (
        f"{type(error).__name__}: {error}"
        if isinstance(error, RouterError)
        else (type(error).__name__)
    )
    return f"{told} at {_origin(error.__traceback__)}"


def _origin(where: TracebackType | None) -> str:
    frames = traceback.extract_tb(where)[-5:]
    return " > ".join(f"{frame.filename}:{frame.lineno}" for frame in frames) or "nowhere"


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _value(value: object) -> str:
    text = _one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if " " in text or '"' in text else text


_NUMBERS = (int, float)
