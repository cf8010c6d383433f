"""The process log: one structured line per request, and how lines are written.

Rule: no prompt, no answer, no key and no address is ever put into a line, at any level. Nor is
anything that a caller sent; an error of another's making shows its class and where it rose only.
"""

import contextlib
import logging
import queue
import sys
import time
from collections.abc import Sequence
from logging.handlers import QueueHandler, QueueListener
from threading import Event
from typing import Any, TextIO

from router.core.event import RoutingEvent
from router.telemetry.log_lines import (
    REQUESTS,
    JSONFormatter,
    Line,
    LineFormatter,
    Request,
    TextFormatter,
    record_of,
)

LOGGER = "router"
"""The logger whose children are every module of the gateway."""

MOST_WAITING = 10_000
"""Lines in the queue; some ten seconds' worth at the highest load that one process takes."""

FLUSH_SECONDS = 2.0
GATHER_SECONDS = 0.05
"""How long lines gather: to wake the thread for each would cost more than to write it."""

MOST_AT_ONCE = 1000

_root, _package = logging.getLogger(), logging.getLogger(LOGGER)
_logger = logging.getLogger(REQUESTS)


class LogObserver:
    """Writes one line for each request at INFO."""

    def observe(self, event: RoutingEvent) -> None:
        """One request is over."""
        if not _logger.isEnabledFor(logging.INFO):
            return
        # What the line tells is put together by the thread that writes it.
        request, only = Request(time.time(), event), _only_reader()
        if only is not None:
            only.enqueue(request)
        else:
            _logger.handle(record_of(request))


def _only_reader() -> "_Handler | None":
    """Our handler, if nobody else is told of requests: it needs no record made, which costs more
    than all else that is done with a line."""
    handlers = _root.handlers
    if len(handlers) != 1 or _logger.handlers or _logger.filters or _package.handlers:
        return None
    only = handlers[0]
    if not isinstance(only, _Handler) or only.filters or only.level > logging.INFO:
        return None
    return only if _logger.propagate and _package.propagate else None


def configure(level: str, json: bool, stream: TextIO | None = None) -> None:
    """Write the process log to `stream` (standard error by default), as JSON lines or as text.

    `level` is for the gateway's own lines. Other libraries are heard from WARNING on, whatever it
    is: at DEBUG some of them write out the prompts that they carry. A second call replaces the
    first.
    """
    formatter = JSONFormatter() if json else TextFormatter()
    handler = _Handler(_Writer(sys.stderr if stream is None else stream, formatter))
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

    def __init__(self, writer: "_Writer") -> None:
        self._lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
        super().__init__(self._lines)
        self._lost = 0
        self._ended = False
        # Its thread is a daemon: a reader that has stopped reading cannot keep us from ending.
        self._writing = _Gathering(self._lines, writer)
        self._writing.start()

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record as it is: the thread formats it, in this process."""
        return record

    def enqueue(self, line: Line) -> None:
        """Queue a line, after the number of those that were lost before it."""
        if self._lines.qsize() >= MOST_WAITING:
            self._lost += 1
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            self._lines.put(_loss(lost))
        self._lines.put(line)

    def flush(self) -> None:
        """Wait until every line is written, FLUSH_SECONDS at most."""
        self._is_written()

    def close(self) -> None:
        """Write what is queued and end the thread, where somebody still reads."""
        if self._is_written() and not self._ended:
            self._ended = True
            self._writing.stop()
        super().close()

    def _is_written(self) -> bool:
        """Whether all that is queued now was written in FLUSH_SECONDS."""
        if self._ended:
            return True
        written = Event()
        self._lines.put(written)
        return written.wait(FLUSH_SECONDS)


class _Gathering(QueueListener):
    """Takes all lines that have gathered and writes them at once.

    A write lets the event loop's thread in, and getting its turn back takes a thread milliseconds
    of a busy loop's time: that is a price for hundreds of lines, not for one.
    """

    def __init__(self, lines: "queue.SimpleQueue[Any]", writer: "_Writer") -> None:
        super().__init__(lines)
        self._lines = lines
        self._writer = writer

    def _monitor(self) -> None:
        ended = False
        while not ended:
            taken = [self._lines.get()]
            time.sleep(0 if isinstance(taken[0], Event) else GATHER_SECONDS)
            with contextlib.suppress(queue.Empty):
                while len(taken) < MOST_AT_ONCE:
                    taken.append(self._lines.get_nowait())
            waiting = [it for it in taken if isinstance(it, Event)]
            lines = [it for it in taken if isinstance(it, Line)]
            # What is neither is the listener's word for the end.
            ended = len(lines) + len(waiting) < len(taken)
            if lines:
                self._writer.write(lines)
            for written in waiting:
                written.set()


class _Writer(logging.StreamHandler[TextIO]):
    """Writes many lines at a time."""

    def __init__(self, stream: TextIO, formatter: LineFormatter) -> None:
        super().__init__(stream)
        self._text_of = formatter.line

    def write(self, lines: Sequence[Line]) -> None:
        """Write them; whatever is wrong with the stream is logging's business."""
        try:
            self.stream.write("".join([f"{self._text_of(line)}\n" for line in lines]))
            self.flush()
        except (OSError, ValueError):
            last = lines[-1]
            self.handleError(record_of(last) if isinstance(last, Request) else last)


def _loss(lines: int) -> logging.LogRecord:
    message = f"{lines} lines were lost, for nobody took them in time"
    return logging.LogRecord(LOGGER, logging.WARNING, __file__, 0, message, None, None)
