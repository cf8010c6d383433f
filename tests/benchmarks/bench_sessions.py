"""What remembering conversations costs a request: python -m tests.benchmarks.bench_sessions

Finding and holding one of 500 conversations, in memory, in the shared file, and in a SQLite table
as an alternative to it (write-ahead log, no flush), each in microseconds and as a ratio to BLAKE2b
over 1 kB, timed in turns with it.
"""

import asyncio
import hashlib
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from router.clock import SystemClock
from router.core.session import Held
from router.ports import SessionStore
from router.stores.memory_sessions import MemorySessionStore
from router.stores.session_file import FileSessionStore

ROUNDS = 15
CALLS = 3_000
CONVERSATIONS = 500
KILOBYTE = bytes(1024)


class Table:
    """Satisfies router.ports.SessionStore: what a table would cost, not what we use."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute(
            "CREATE TABLE sessions (id TEXT PRIMARY KEY, model TEXT, tokens INTEGER, draw REAL,"
            " at REAL) WITHOUT ROWID"
        )

    async def find(self, conversation: str) -> Held | None:
        row = self._connection.execute(
            "SELECT model, tokens, draw, at FROM sessions WHERE id = ?", (conversation,)
        ).fetchone()
        return None if row is None else Held(row[0], row[1], time.time() - row[3], row[2])

    async def hold(self, conversation: str, held: Held) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)",
            (conversation, held.model, held.tokens, held.draw, time.time()),
        )


def hashed() -> float:
    """Seconds for one hash of 1 kB."""
    begun = time.perf_counter()
    for _ in range(CALLS):
        hashlib.blake2b(KILOBYTE, digest_size=8).digest()
    return (time.perf_counter() - begun) / CALLS


async def held(store: SessionStore) -> float:
    """Seconds to hold one conversation."""
    kept = Held("gpt-4o-mini", 20_000, draw=0.5)
    begun = time.perf_counter()
    for number in range(CALLS):
        await store.hold(f"{number % CONVERSATIONS:016x}", kept)
    return (time.perf_counter() - begun) / CALLS


async def found(store: SessionStore) -> float:
    """Seconds to find one conversation."""
    begun = time.perf_counter()
    for number in range(CALLS):
        assert await store.find(f"{number % CONVERSATIONS:016x}") is not None
    return (time.perf_counter() - begun) / CALLS


async def main() -> None:
    """Print the table: medians of the rounds."""
    print(f"{'':14} {'hold us':>8} {'x hash':>7} {'find us':>8} {'x hash':>7}")
    with tempfile.TemporaryDirectory() as directory:
        clock, folder = SystemClock(), Path(directory)
        stores: dict[str, Callable[[], SessionStore]] = {
            "memory": lambda: MemorySessionStore(clock),
            "shared file": lambda: FileSessionStore(folder / "sessions.table", clock, 3600.0),
            "SQLite": lambda: Table(folder / "sessions.sqlite3"),
        }
        for name, make in stores.items():
            store = make()
            rounds = [(await held(store), await found(store), hashed()) for _ in range(ROUNDS)]
            hold, find = (median(it[at] for it in rounds) * 1e6 for at in (0, 1))
            ratios = [median(it[at] / it[2] for it in rounds) for at in (0, 1)]
            print(f"{name:14} {hold:8.1f} {ratios[0]:7.1f} {find:8.1f} {ratios[1]:7.1f}")


if __name__ == "__main__":
    asyncio.run(main())
