"""Bytes of a file that the processes of one machine share, reached in less than a microsecond.

The file is mapped into memory, after all its blocks were had: a page that finds no room on the
disk would end the process. Where they cannot be had, for the disk is full or the system has no such
call, it is read and written by system calls. Both see what the other does, and what either wrote
outlives the process. Nobody may cut the file short meanwhile; the same goes for SQLite's own.
"""

import mmap
import os
import sys
from pathlib import Path
from typing import Protocol


class Table(Protocol):
    """So many bytes."""

    def read(self, at: int, size: int) -> bytes:
        """What stands there, perhaps half of it what another process is writing. Raises OSError."""
        ...

    def write(self, at: int, data: bytes) -> None:
        """Put it there. Raises OSError."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class MappedTable:
    """A file in memory. The mapping keeps it open."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped

    def read(self, at: int, size: int) -> bytes:
        """What stands there."""
        return self._mapped[at : at + size]

    def write(self, at: int, data: bytes) -> None:
        """Put it there."""
        self._mapped[at : at + len(data)] = data

    def close(self) -> None:
        """Let go of the file."""
        self._mapped.close()


class FileTable:
    """A file by its number, which belongs to the table."""

    def __init__(self, file: int) -> None:
        self._file = file

    def read(self, at: int, size: int) -> bytes:
        """What stands there; zeros where nothing was written yet. Raises OSError."""
        return os.pread(self._file, size, at).ljust(size, b"\0")

    def write(self, at: int, data: bytes) -> None:
        """Put it there. Raises OSError."""
        os.pwrite(self._file, data, at)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def open_table(path: Path, size: int) -> Table:
    """The table of `size` bytes in `path`, made if need be for its owner alone. Raises OSError."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        mapped = _mapped(file, size)
    except OSError:
        return FileTable(file)
    os.close(file)
    return MappedTable(mapped)


def _mapped(file: int, size: int) -> mmap.mmap:
    if sys.platform == "darwin":
        raise OSError("its blocks cannot be had beforehand")
    os.posix_fallocate(file, 0, size)
    return mmap.mmap(file, size)
