"""How fast the ledger answers at a million decisions: python -m tests.benchmarks.bench_ledger

The log holds thirty days of traffic: 4 rules, 14 domains, 5 models, 5 keys, 40,000 sessions,
feedback on every fiftieth decision, one in twenty sent to control, one in four tagged with two of
twenty tags (TAGS=200: of so many, 0: none). Each question is asked of the file anew, as a page asks
it; a page may take 300 ms. ROWS=100000 makes a smaller log, LOG=path keeps it for the next time.
What roll-ups add to writing is given as a ratio to the same rows without them.
"""

import asyncio
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from router.core.feedback import Feedback
from router.core.ledger import SECONDS_PER_DAY, LedgerFilter, Window
from router.stores.decision_columns import COLUMNS
from router.stores.decision_row import encoded
from router.stores.feedback_row import INSERT_FEEDBACK, Given
from router.stores.pace import Pace
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_roll_up import SQLiteRollUp
from router.stores.sqlite_schema import open_for_writing
from router.stores.sqlite_settling import settle
from tests.fakes.events import AT, an_event

ROWS = int(os.environ.get("ROWS", "1000000"))
KEPT = Path(os.environ["LOG"]) if "LOG" in os.environ else None
DAYS = 30
BATCH = 256
ROUNDS = 5
SESSIONS = 40_000
TAGS = int(os.environ.get("TAGS", "20"))
LIMIT_MS = 300
SINCE = AT // SECONDS_PER_DAY * SECONDS_PER_DAY
WINDOW = Window(SINCE, SINCE + DAYS * SECONDS_PER_DAY)
_INSERT = (
    f"INSERT INTO decisions ({', '.join(column.name for column in COLUMNS)})"
    f" VALUES ({', '.join('?' * len(COLUMNS))})"
)
_PLACE = {column.name: index for index, column in enumerate(COLUMNS)}

Question = Callable[[SQLiteLedger], Awaitable[object]]

QUESTIONS: Mapping[str, Question] = {
    "totals": lambda ledger: ledger.totals(WINDOW),
    "totals by rule": lambda ledger: ledger.totals(WINDOW, by="rule"),
    "series by hour": lambda ledger: ledger.series(WINDOW),
    "series by day and model": lambda ledger: ledger.series(WINDOW, by="model", step="day"),
    "clusters": lambda ledger: ledger.clusters(WINDOW),
    "clusters by arm": lambda ledger: ledger.clusters(WINDOW, by="arm"),
    "clusters by rule": lambda ledger: ledger.clusters(WINDOW, by="rule"),
    "clusters by domain": lambda ledger: ledger.clusters(WINDOW, by="domain"),
    "clusters by key": lambda ledger: ledger.clusters(WINDOW, by="key_name"),
    "totals by tag": lambda ledger: ledger.totals(WINDOW, by="tag"),
    "clusters by tag": lambda ledger: ledger.clusters(WINDOW, by="tag"),
    "clusters of a rule": lambda ledger: ledger.clusters(WINDOW, LedgerFilter(rule="rule-1")),
    "clusters of a rule and model": lambda ledger: ledger.clusters(
        WINDOW, LedgerFilter(rule="rule-1", model="model-2")
    ),
    "clusters of a rule by domain": lambda ledger: ledger.clusters(
        WINDOW, LedgerFilter(rule="rule-1"), by="domain"
    ),
    "times": lambda ledger: ledger.histograms(WINDOW, ("total_s", "overhead_s")),
    "times by day": lambda ledger: ledger.histograms(WINDOW, ("total_s", "overhead_s"), step="day"),
    "totals of a rule and model": lambda ledger: ledger.totals(
        WINDOW, LedgerFilter(rule="rule-1", model="model-2")
    ),
    "quality by domain and model": lambda ledger: ledger.quality(WINDOW, by=["domain", "model"]),
    "hours of models": lambda ledger: ledger.spans(WINDOW, None, "model"),
    "unpriced": lambda ledger: ledger.unpriced(WINDOW),
    "worst": lambda ledger: ledger.worst(WINDOW),
}


def rows(number_of: int) -> Iterator[list[Any]]:
    """Traffic with a fixed seed, as rows made ready: encoding them is not what is measured."""
    chance = random.Random(7)
    template = list(encoded(an_event()))
    for number in range(number_of):
        model = f"model-{chance.randrange(5)}"
        cost = None if chance.random() < 0.01 else chance.expovariate(1e4)
        changes = {
            "id": f"d{number}",
            "arm": "control" if chance.random() < 0.05 else "treated",
            "at": SINCE + number * DAYS * SECONDS_PER_DAY / number_of,
            "session": f"s{int(chance.paretovariate(1.2)) % SESSIONS}-{number // 25}",
            "domain": f"domain-{chance.randrange(14)}",
            "key_name": f"key-{chance.randrange(5)}",
            "model": model,
            "rule": f"rule-{chance.randrange(4)}",
            "cost_usd": cost,
            "unpriced": "no_price" if cost is None else None,
            "total_s": chance.lognormvariate(0, 1),
            "overhead_s": chance.lognormvariate(-7, 0.5),
        }
        if TAGS and number % 4 == 0:
            each = TAGS // 2
            team, feature = number // 4 % each, number // (4 * each) % each
            changes["tags"] = f'["team={team}","feature={feature}"]'
        row = template.copy()
        for name, value in changes.items():
            row[_PLACE[name]] = value
        yield row


def write(path: Path, number_of: int, rolled_up: bool = True) -> float:
    """Seconds of processor time to write so many rows, as the decision log's thread does."""
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        sums = SQLiteRollUp(connection, Pace())
        begun = time.process_time()
        for number, values in enumerate(rows(number_of)):
            if number % BATCH == 0:
                connection.execute("BEGIN IMMEDIATE")
            connection.execute(_INSERT, values)
            if rolled_up:
                sums.add(values, None)
                if number % 50 == 0:
                    _judge(connection, sums, Feedback(values[0], "user", values[1], number % 3 / 2))
            if number % BATCH == BATCH - 1 or number == number_of - 1:
                sums.flush()
                connection.execute("COMMIT")
        return time.process_time() - begun


def _judge(connection: sqlite3.Connection, sums: SQLiteRollUp, feedback: Feedback) -> None:
    known = sums.known(feedback)
    connection.execute(INSERT_FEEDBACK, Given(feedback, None).parameters())
    assert known is not None
    sums.judge(feedback, known)


def encoded_in(number_of: int) -> float:
    """Seconds of processor time to encode so many events."""
    begun = time.process_time()
    for number in range(number_of):
        encoded(an_event(str(number)))
    return time.process_time() - begun


async def asked(ledger: SQLiteLedger, question: Question) -> tuple[float, float]:
    """Milliseconds that a question took, and those of them that it had a processor: medians.

    On a machine that others use too, only the second says what it costs.
    """
    spent, worked = [], []
    for _ in range(ROUNDS):
        begun, began = time.perf_counter(), time.process_time()
        await question(ledger)
        spent.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - began) * 1000)
    return median(spent), median(worked)


def main() -> int:
    """Print the table; 1 if a question took longer than a page may."""
    with tempfile.TemporaryDirectory() as directory:
        few = min(ROWS, 20_000)
        plain = write(Path(directory) / "plain", few, rolled_up=False)
        more = (write(Path(directory) / "few", few) - plain) / few * 1e6
        encoding = encoded_in(few)
        print(
            f"roll-ups add {more:.0f} us of processor time to a row,"
            f" {more * few / 1e6 / (plain + encoding):.2f}"
            f" of what encoding and inserting it take ({few} rows, {BATCH} a commit)"
        )
        path = KEPT or Path(directory) / "log"
        if not path.exists():
            filled(path)
        return answered(SQLiteLedger(path))


def filled(path: Path) -> None:
    """Write the log and settle its days, all but the last."""
    spent = write(path, ROWS)
    print(f"{ROWS} rows written in {spent:.0f} s, {path.stat().st_size / 1e9:.2f} GB")
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        levels, longest, begun = 0, 0.0, time.process_time()
        while settle(connection, WINDOW.until - SECONDS_PER_DAY / 2):
            levels, longest = levels + 1, max(longest, time.process_time() - begun)
            begun = time.process_time()
    print(f"{levels} levels of days settled, the longest in {longest * 1000:.0f} ms")


def answered(ledger: SQLiteLedger) -> int:
    """Ask every question; 1 if one took more of a processor than a page may."""
    slowest = 0.0
    print(f"{'question':<30} {'ms':>8} {'of work':>8}")
    for name, question in QUESTIONS.items():
        spent, worked = asyncio.run(asked(ledger, question))
        slowest = max(slowest, worked)
        print(f"{name:<30} {spent:>8.1f} {worked:>8.1f}", flush=True)
    print(f"slowest: {slowest:.0f} ms of work, a page may take {LIMIT_MS}")
    return int(slowest > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
