"""The process log: one structured line per request, and how lines are written.

Rule: no prompt, no answer, no key and no address is ever put into a line, at any level. Nor is
anything that a caller sent; an error of another's making shows its class and where it rose only.
"""

import contextlib
import json
import logging
import queue
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from types import TracebackType
from typing import Any, TextIO

from router.core.event import RoutingEvent
from router.errors import RouterError

LOGGER = "router"
"""The logger whose children are every module of the gateway."""

MOST_WAITING = 10_000
"""Lines in the queue; some ten seconds' worth at the highest load that one process takes."""

FLUSH_SECONDS = 2.0
GATHER_SECONDS = 0.05
"""How long lines gather: to wake the thread for each would cost more than to write it."""

MOST_AT_ONCE = 1000

_FACTS = "facts"
_logger = logging.getLogger(f"{LOGGER}.requests")


class LogObserver:
    """Writes one line for each request at INFO."""

    def observe(self, event: RoutingEvent) -> None:
        """One request is over."""
        if _logger.isEnabledFor(logging.INFO):
            # Made here, not by `info`, which would look up who calls it. What the line tells is
            # put together by the thread that writes it.
            record = logging.LogRecord(
                _logger.name, logging.INFO, __file__, 0, "request", None, None
            )
            setattr(record, _FACTS, event)
            _logger.handle(record)


def facts(event: RoutingEvent) -> Mapping[str, Any]:
    """What a line tells of a request. Times in milliseconds, cost in US dollars."""
    usage, timings = event.usage, event.timings
    return {
        "decision": event.id,
        "endpoint": event.endpoint,
        "policy": f"{event.decision.policy}@{event.policy_version}",
        "rule": event.decision.rule,
        "model": event.model,
        "outcome": event.outcome,
        "status": event.status,
        "fallbacks": event.fallbacks,
        "failed_signals": ",".join(sorted(event.failed_signals)) or None,
        "input_tokens": usage.input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "cost_usd": event.cost_usd,
        "overhead_ms": round(timings.overhead_s * 1000, 2),
        "total_ms": round(timings.total_s * 1000, 1),
    }


def configure(level: str, json: bool, stream: TextIO | None = None) -> None:
    """Write the process log to `stream` (standard error by default), as JSON lines or as text.

    `level` is for the gateway's own lines. Other libraries are heard from WARNING on, whatever it
    is: at DEBUG some of them write out the prompts that they carry. A second call replaces the
    first.
    """
    writer = _Writer(sys.stderr if stream is None else stream)
    writer.setFormatter(JSONFormatter() if json else TextFormatter())
    handler = _Handler(writer)
    root = logging.getLogger()
    for earlier in [h for h in root.handlers if isinstance(h, _Handler)]:
        root.removeHandler(earlier)
        earlier.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger(LOGGER).setLevel(level)


class _Handler(QueueHandler):
    """Hands every line to a thread that writes it: nobody waits for whoever reads the log.

    Lines that find the queue full are lost, and the next one that does not says how many were.
    """

    def __init__(self, writer: logging.Handler) -> None:
        self._lines: queue.Queue[logging.LogRecord] = queue.Queue(MOST_WAITING)
        super().__init__(self._lines)
        self._lost = 0
        # Its thread is a daemon: a reader that has stopped reading cannot keep us from ending.
        self._writing = _Gathering(self._lines, writer)
        self._writing.start()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record as it is: the thread formats it, in this process."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue a line, after the number of those that were lost before it."""
        try:
            if self._lost:
                self._lines.put_nowait(_loss(self._lost))
                self._lost = 0
            self._lines.put_nowait(record)
        except queue.Full:
            self._lost += 1

    def flush(self) -> None:
        """Wait until every line is written, FLUSH_SECONDS at most."""
        with self._lines.all_tasks_done:
            self._lines.all_tasks_done.wait_for(self._is_written, FLUSH_SECONDS)

    def close(self) -> None:
        """Write what is queued and end the thread, where somebody still reads."""
        self.flush()
        if self._is_written():
            self._writing.stop()
        super().close()

    def _is_written(self) -> bool:
        return not self._lines.unfinished_tasks


class _Gathering(QueueListener):
    """Takes all lines that have gathered and writes them at once.

    A write lets the event loop's thread in, and getting its turn back takes a thread milliseconds
    of a busy loop's time: that is a price for hundreds of lines, not for one.
    """

    def _monitor(self) -> None:
        lines: queue.Queue[Any] = self.queue  # type: ignore[assignment]
        ended = False
        while not ended:
            taken = [lines.get()]
            time.sleep(GATHER_SECONDS if isinstance(taken[0], logging.LogRecord) else 0)
            with contextlib.suppress(queue.Empty):
                while len(taken) < MOST_AT_ONCE:
                    taken.append(lines.get_nowait())
            records = [record for record in taken if isinstance(record, logging.LogRecord)]
            # What is none is the listener's word for the end.
            ended = len(records) < len(taken)
            self._write(records)
            for _ in taken:
                lines.task_done()

    def _write(self, records: Sequence[logging.LogRecord]) -> None:
        for handler in self.handlers:
            if isinstance(handler, _Writer) and records:
                handler.write(records)


class _Writer(logging.StreamHandler[TextIO]):
    """Writes many lines at a time."""

    def write(self, records: Sequence[logging.LogRecord]) -> None:
        """Write them; whatever is wrong with the stream is logging's business."""
        try:
            self.stream.write("".join(f"{self.format(record)}\n" for record in records))
            self.flush()
        except (OSError, ValueError):
            self.handleError(records[-1])


def _loss(lines: int) -> logging.LogRecord:
    message = f"{lines} lines were lost, for nobody took them in time"
    return logging.LogRecord(LOGGER, logging.WARNING, __file__, 0, message, None, None)


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and a request's facts if it has any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, in ASCII, without its end."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_facts_of(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1])
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """Time, level, logger and message, then a request's facts as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end. Line breaks in a message are escaped: one record, one line."""
        told = [_time(record), record.levelname, record.name, _one_line(record.getMessage())]
        told += [f"{name}={_value(value)}" for name, value in _facts_of(record).items()]
        if record.exc_info and record.exc_info[1] is not None:
            told.append(f"error={_value(_error(record.exc_info[1]))}")
        return " ".join(told)


def _facts_of(record: logging.LogRecord) -> Mapping[str, Any]:
    told: Mapping[str, Any] | RoutingEvent = getattr(record, _FACTS, {})
    known = facts(told) if isinstance(told, RoutingEvent) else told
    return {name: value for name, value in known.items() if value is not None}


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


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
