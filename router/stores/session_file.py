"""FileSessionStore: what conversations are with, in one file that all processes here share.

A table of fixed size: 4,096 buckets of four records, found by the digest of the conversation. A
bucket is read, or a record written, at once in the page cache. Nobody locks: a record carries a
checksum, so that one that two processes wrote at once counts as none. It outlives the process;
nothing in it is a name or a text of a caller.
"""

import logging
import struct
import zlib
from hashlib import blake2b
from pathlib import Path

from router.core.session import Held
from router.errors import StartupError
from router.ports import Clock
from router.stores.shared_table import Table, open_table

logger = logging.getLogger(__name__)

BUCKETS = 4096
RECORDS = 4
LONGEST_NAME = 256
"""Bytes of a model's name: the conversations of one with a longer name are not remembered."""

_NONE = -1.0
_CHECK = struct.Struct("<I")
_BODY = struct.Struct(f"<16sddIH{LONGEST_NAME}s")
"""A record after its checksum, which is of this: digest of the conversation, moment (Unix seconds),
draw, tokens, name. What was never written is all zeros: of the year 1970."""

_SIZE = _CHECK.size + _BODY.size
_BUCKET = RECORDS * _SIZE
_DIGEST = _CHECK.size
_MOMENTS = struct.Struct("<" + f"20xd{_SIZE - 28}x" * RECORDS)

_MOST_TOKENS = 2**32 - 1


class FileSessionStore:
    """The sessions of an installation in `path`, each remembered for `lifetime_s` seconds.

    Processes that share a file must agree on its `buckets`, BUCKETS unless given.
    Raises StartupError if the file can neither be opened nor made.
    """

    def __init__(
        self, path: Path, clock: Clock, lifetime_s: float, buckets: int | None = None
    ) -> None:
        self._clock = clock
        self._buckets = buckets or BUCKETS
        self._lifetime_s = lifetime_s
        self._told = False
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._table: Table | None = open_table(path, self._buckets * _BUCKET)
        except OSError as error:
            raise StartupError(f"Cannot use {path}: {error.strerror}. Mend its rights.") from None

    async def find(self, conversation: str) -> Held | None:
        """What is known of a conversation, None if nothing, or nothing recent enough."""
        digest = _digest(conversation)
        bucket = self._bucket(self._offset(digest))
        start = _start(bucket, digest)
        return None if start is None else self._read(bucket[start : start + _SIZE])

    async def hold(self, conversation: str, held: Held) -> None:
        """Keep this in the conversation's own place, else in that of its bucket's oldest."""
        name = held.model.encode("utf-8", "replace")
        if self._table is None or len(name) > LONGEST_NAME:
            return
        digest = _digest(conversation)
        draw = _NONE if held.draw is None else held.draw
        tokens = min(held.tokens, _MOST_TOKENS)
        body = _BODY.pack(digest, self._clock.now(), draw, tokens, len(name), name)
        offset = self._offset(digest)
        bucket = self._bucket(offset)
        start = _start(bucket, digest)
        if start is None:
            start = _oldest(bucket)
        try:
            self._table.write(offset + start, _CHECK.pack(zlib.crc32(body)) + body)
        except OSError as error:
            self._tell(error)

    def close(self) -> None:
        """Let go of the file; what is told later is not remembered."""
        table, self._table = self._table, None
        if table is not None:
            table.close()

    def _offset(self, digest: bytes) -> int:
        """Where the bucket of a digest begins."""
        return int.from_bytes(digest[:8], "little") % self._buckets * _BUCKET

    def _bucket(self, offset: int) -> bytes:
        """Its records; all zeros if they cannot be read."""
        try:
            if self._table is not None:
                return self._table.read(offset, _BUCKET)
        except OSError as error:
            self._tell(error)
        return bytes(_BUCKET)

    def _read(self, record: bytes) -> Held | None:
        """A record's content; None if it is too old, or not whole."""
        body = record[_CHECK.size :]
        _, at, draw, tokens, length, name = _BODY.unpack(body)
        idle_s = self._clock.now() - at
        if idle_s > self._lifetime_s or record[: _CHECK.size] != _CHECK.pack(zlib.crc32(body)):
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


def _start(bucket: bytes, digest: bytes) -> int | None:
    """Where in a bucket the conversation's own record begins, None if it has none."""
    at = bucket.find(digest)
    # The same bytes may stand in a record's middle.
    while at >= 0 and at % _SIZE != _DIGEST:
        at = bucket.find(digest, at + 1)
    return None if at < 0 else at - _DIGEST


def _oldest(bucket: bytes) -> int:
    """Where in a bucket the record begins that was longest unused."""
    moments = _MOMENTS.unpack(bucket)
    return moments.index(min(moments)) * _SIZE
