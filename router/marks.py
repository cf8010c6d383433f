"""Mark: what a watched file holds, to be compared with what it held before.

By content, not by date or by name: editors, `git checkout` and ConfigMaps replace files, folders
and links, and a file that was written again with what it held has not changed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

MOST_BYTES = 256 * 1024
"""Read at each look. Of a larger file (a classifier's arrays) size, date and place must do."""

Mark = bytes
Marks = Mapping[Path, Mark | None]
"""By watched path; None: not looked at yet, so that any look finds a change."""

MISSING: Mark = b""


def marks(watched: Iterable[Path]) -> dict[Path, Mark]:
    """The mark of each path. One whose name holds `*` stands for all files that it matches."""
    return {path: _of_all(path) if "*" in path.name else mark(path) for path in watched}


def mark(path: Path) -> Mark:
    """The mark of one file, MISSING for what is no file or cannot be read. Never raises."""
    try:
        if not path.is_file():
            return MISSING
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) <= MOST_BYTES:
            return hashlib.blake2b(content, digest_size=16).digest()
        stat = path.stat()
    except (OSError, ValueError):
        # ValueError: a policy may name any text as a file, also one with a NUL in it.
        return MISSING
    return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ino}".encode()


def _of_all(pattern: Path) -> Mark:
    try:
        found = sorted(pattern.parent.glob(pattern.name))
    except OSError:
        return MISSING
    whole = hashlib.blake2b(digest_size=16)
    for file in found:
        whole.update(file.name.encode("utf-8", "surrogateescape") + b"\0" + mark(file) + b"\0")
    return whole.digest()
