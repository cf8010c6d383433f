"""FileSessionStore: what conversations are with, in one file that all processes here share.

A table of fixed size: 4,096 buckets of four records, found by the digest of the conversation. One
bucket is read or written by a single system call, from and to the page cache, in microseconds.
Nobody locks: a record carries a checksum, so that one that two processes wrote at once counts as
none. It outlives the process; nothing in it is a name or a text of a caller.
"""

import logging
import os
import struct
import zlib
from hashlib import blake2b
from math import inf
from pathlib import Path

from router.core.session import Held
from router.errors import StartupError
from router.ports import Clock

logger = logging.getLogger(__name__)

BUCKETS = 4096
RECORDS = 4
LONGEST_NAME = 256
"""Bytes of a model's name: the conversations of one with a longer name are not remembered."""

_NONE = -1.0
_CHECK, _MOMENT = struct.Struct("<I"), struct.Struct("<d")
_HEAD = struct.Struct("<I16sd")
_RECORD = struct.Struct(f"<I16sddIH{LONGEST_NAME}s")
"""Checksum of the rest, digest of the conversation, moment (Unix seconds), draw, tokens, name."""

_MOST_TOKENS = 2**32 - 1


class FileSessionStore:
    """The sessions of an installation in `path`, each remembered for `lifetime_s` seconds.

    Raises StartupError if the file can neither be opened nor made.
    """

    def __init__(self, path: Path, clock: Clock, lifetime_s: float) -> None:
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._told = False
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartupError(f"Cannot use {path}: {error.strerror}. Mend its rights.") from None

    async def find(self, conversation: str) -> Held | None:
        """What is known of a conversation, None if nothing, or nothing recent enough."""
        digest = _digest(conversation)
        bucket = self._bucket(digest)
        for start in range(0, len(bucket), _RECORD.size):
            if bucket[start + _CHECK.size : start + _HEAD.size - _MOMENT.size] == digest:
                return self._read(bucket[start : start + _RECORD.size])
        return None

    async def hold(self, conversation: str, held: Held) -> None:
        """Keep this in the conversation's own place, else in that of its bucket's oldest."""
        name = held.model.encode("utf-8", "replace")
        if len(name) > LONGEST_NAME:
            return
        digest = _digest(conversation)
        draw = _NONE if held.draw is None else held.draw
        tokens = min(held.tokens, _MOST_TOKENS)
        fields = (digest, self._clock.now(), draw, tokens, len(name), name)
        check = zlib.crc32(memoryview(_RECORD.pack(0, *fields))[_CHECK.size :])
        start = _place(self._bucket(digest), digest)
        try:
            os.pwrite(self._file, _RECORD.pack(check, *fields), _offset(digest) + start)
        except OSError as error:
            self._tell(error)

    def close(self) -> None:
        """Let go of the file; what is told later is not remembered."""
        # By its number it could be another's soon.
        file, self._file, self._told = self._file, -1, True
        os.close(file)

    def _bucket(self, digest: bytes) -> bytes:
        """Its records, as many as have been written."""
        try:
            return os.pread(self._file, RECORDS * _RECORD.size, _offset(digest))
        except OSError as error:
            self._tell(error)
            return b""

    def _read(self, record: bytes) -> Held | None:
        """A record's content; None if it is too old, or not whole."""
        if len(record) < _RECORD.size:
            return None
        check, _, at, draw, tokens, length, name = _RECORD.unpack(record)
        idle_s = self._clock.now() - at
        if idle_s > self._lifetime_s or check != zlib.crc32(memoryview(record)[_CHECK.size :]):
            return None
        model = name[:length].decode("utf-8", "replace")
        return Held(model, tokens, max(idle_s, 0.0), None if draw < 0 else draw)

    def _tell(self, error: OSError) -> None:
        # Once: a full disk would otherwise fill the process log too.
        if not self._told:
            self._told = True
            logger.warning("conversations are not remembered: %s", error.strerror)


def _digest(conversation: str) -> bytes:
    return blake2b(conversation.encode("utf-8", "replace"), digest_size=16).digest()


def _offset(digest: bytes) -> int:
    bucket = int.from_bytes(digest[:8], "little") % BUCKETS
    return bucket * RECORDS * _RECORD.size


def _place(bucket: bytes, digest: bytes) -> int:
    """Where in a bucket to write: the conversation's own record, else the one longest unused."""
    oldest, least = 0, inf
    for start in range(0, RECORDS * _RECORD.size, _RECORD.size):
        if len(bucket) < start + _RECORD.size:
            return start
        _, key, at = _HEAD.unpack_from(bucket, start)
        if key == digest:
            return start
        if at < least:
            oldest, least = start, at
    return oldest
