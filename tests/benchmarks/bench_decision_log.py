"""How fast the SQLite decision log is: python -m tests.benchmarks.bench_decision_log

Each figure is also given as a ratio to a bare loop of sqlite3 that inserts rows of the same
content, made ready beforehand, in transactions of the same size, timed in turns with it: the ratio
is what may be compared between machines, rows a second are not.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from router.stores.decision_columns import COLUMNS
from router.stores.decision_row import encoded
from router.stores.sqlite import MOST_PER_COMMIT, SQLiteDecisionLog
from router.stores.sqlite_schema import open_for_writing
from tests.fakes.events import an_event

ROUNDS = 5
ROWS = 10_000
CALLERS = (1, 16, MOST_PER_COMMIT)
"""How many requests wait for their row at a time: with one, every row is a transaction."""


async def logged(path: Path, callers: int) -> list[float]:
    """Seconds that each `record` took, and last the seconds of them all."""
    log = SQLiteDecisionLog(path)
    events = (an_event(str(number)) for number in range(ROWS))
    waits: list[float] = []

    async def call() -> None:
        for event in events:
            asked = time.perf_counter()
            await log.record(event)
            waits.append(time.perf_counter() - asked)

    begun = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(callers)))
    spent = time.perf_counter() - begun
    await log.close()
    return [*sorted(waits), spent]


def bare(path: Path, batch: int) -> float:
    """Seconds for the same rows without a queue, a thread, an event loop or any encoding."""
    insert = (
        f"INSERT INTO decisions ({', '.join(column.name for column in COLUMNS)})"
        f" VALUES ({', '.join('?' * len(COLUMNS))})"
    )
    rows = [encoded(an_event(str(number))) for number in range(ROWS)]
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        begun = time.perf_counter()
        for start in range(0, ROWS, batch):
            _insert(connection, insert, rows[start : start + batch])
        return time.perf_counter() - begun


def _insert(connection: sqlite3.Connection, insert: str, rows: Sequence[Sequence[object]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(insert, rows)
    connection.execute("COMMIT")


def measured(directory: Path, callers: int) -> Iterator[tuple[float, ...]]:
    """For each round: rows a second, their ratio to the bare loop's, p50 and p99 of a record."""
    for number in range(ROUNDS):
        *waits, spent = asyncio.run(logged(directory / f"log-{callers}-{number}", callers))
        baseline = bare(directory / f"bare-{callers}-{number}", callers)
        p50, p99 = waits[ROWS // 2], waits[ROWS * 99 // 100]
        yield ROWS / spent, baseline / spent, p50 * 1000, p99 * 1000


def main() -> None:
    """Print the table: medians of the rounds."""
    print(f"{'at a time':>9} {'rows/s':>8} {'x bare sqlite3':>15} {'p50 ms':>8} {'p99 ms':>8}")
    with tempfile.TemporaryDirectory() as directory:
        for callers in CALLERS:
            rounds = zip(*measured(Path(directory), callers), strict=True)
            rate, ratio, p50, p99 = (median(figures) for figures in rounds)
            print(f"{callers:>9} {rate:>8.0f} {ratio:>15.2f} {p50:>8.2f} {p99:>8.2f}")


if __name__ == "__main__":
    main()
