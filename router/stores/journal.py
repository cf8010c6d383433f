"""Journal: rows of the decision log in a file of this process, on their way into the database.

Appending a line takes microseconds and survives the process, so a request is recorded before its
last byte is sent and waits for no commit. Whoever writes the database deletes what it has taken.

A directory of segments: JSON lines, the first of them the names of the columns. The process that
appends holds a lock on each of its segments (flock), which ends with it: a segment that can be
locked is of a process that died, and its rows are taken over, at the next start or by another.

Rule: a line is written by one system call, be it alone or with others. What is torn, by a full disk
or a crash, is cut off again or passed over; it was never acknowledged.
"""

import fcntl
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

logger = logging.getLogger(__name__)

SEGMENT_BYTES = 4 * 1024 * 1024
SUFFIX = ".jsonl"

Values = Sequence[Any]
"""One row, in the order of the columns."""


class Segment(NamedTuple):
    """One file, locked by this process."""

    path: Path
    file: int

    def discard(self) -> None:
        """Its rows are in the database: delete it. Never raises."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            # Its rows are passed over when it is found again.
            logger.warning("the journal's %s cannot be deleted: %s", self.path, error)
        os.close(self.file)


class LeftBehind(NamedTuple):
    """What a process that died had not seen written: its rows, by the names of their columns."""

    segment: Segment
    columns: Sequence[str]
    rows: Sequence[Values]


class Journal:
    """The segments of this process in `directory`, for one thread.

    `segment_bytes` is about how large one grows. Raises OSError if none can be made.
    """

    def __init__(
        self, directory: Path, columns: Sequence[str], segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self._directory = directory
        self._head = msgspec.json.encode(columns) + b"\n"
        self._segment_bytes = segment_bytes
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._current, self._size = self._new()

    def append(self, lines: bytes) -> Segment | None:
        """Write rows, each a line of JSON: a list of its values in the order of the columns.

        The segment that was complete before them, if one was. Raises OSError, and then none of
        them is kept.
        """
        before = None
        if self._size >= self._segment_bytes:
            following, size = self._new()
            before, self._current, self._size = self._current, following, size
        written = os.write(self._current.file, lines)
        if written < len(lines):
            os.ftruncate(self._current.file, self._size)
            raise OSError("no room for a whole row")
        self._size += written
        return before

    @property
    def current(self) -> Segment:
        """The segment that is written to."""
        return self._current

    def _new(self) -> tuple[Segment, int]:
        while True:
            path = self._directory / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
            flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY
            segment = Segment(path, os.open(path, flags, 0o600))
            # Another process may have found it before it was locked, and have deleted it.
            if _locked(segment.file) and os.fstat(segment.file).st_nlink:
                return segment, os.write(segment.file, self._head)
            os.close(segment.file)


def left_behind(directory: Path) -> Iterator[LeftBehind]:
    """The segments of processes that are no more, oldest first, each locked."""
    found = sorted(directory.glob(f"*{SUFFIX}"), key=_modified)
    for path in found:
        try:
            segment = Segment(path, os.open(path, os.O_RDONLY))
        except FileNotFoundError:
            continue
        if not _locked(segment.file) or not os.fstat(segment.file).st_nlink:
            os.close(segment.file)
            continue
        columns, rows = _read(path)
        yield LeftBehind(segment, columns, rows)


def _read(path: Path) -> tuple[Sequence[str], Sequence[Values]]:
    head, *lines = path.read_bytes().split(b"\n")
    columns = _decoded(head, path)
    rows = [_decoded(line, path) for line in lines if line]
    return columns or (), [row for row in rows if row and columns and len(row) == len(columns)]


def _decoded(line: bytes, path: Path) -> list[Any] | None:
    try:
        return msgspec.json.decode(line, type=list[Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        if line:
            logger.warning("a torn line of %s was passed over", path)
        return None


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
