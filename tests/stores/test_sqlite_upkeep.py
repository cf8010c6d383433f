"""Upkeep: old logs come into the roll-ups once; rows past retention go, their sums stay."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.ledger import SECONDS_PER_DAY, Window
from router.stores.decision_columns import COLUMNS
from router.stores.decision_row import encoded, encoded_twice
from router.stores.journal import Journal
from router.stores.journaled import JournaledDecisionLog
from router.stores.ledger_schema import LEDGER_MIGRATION
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_left_behind import take_over
from router.stores.sqlite_rows import NAMES
from router.stores.sqlite_schema import MIGRATIONS, migrate, open_for_writing
from router.stores.sqlite_scores import SQLiteScores
from router.stores.sqlite_upkeep import ROWS_PER_STEP, Upkeep, fill, forget
from tests.fakes.events import AT, an_event, decided, unanswered

EVER = Window(0, AT + 10 * SECONDS_PER_DAY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


def told(rows: int) -> list[RoutingEvent]:
    """Events of every kind that an old log may hold."""
    named = decided(arm="named", strategy="named")
    kinds = [
        an_event("ok"),
        an_event("named", decision=named, baseline="requested"),
        an_event("unpriced", cost_usd=None),
        an_event("refused", outcome="refused", usage=None, cost_usd=None),
        unanswered("nobody"),
    ]
    return kinds + [an_event(str(number)) for number in range(rows - len(kinds))]


def write_old(path: Path, rows: int) -> None:
    """A log as it was before there was a ledger."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, MIGRATIONS[: MIGRATIONS.index(LEDGER_MIGRATION)])
        kept = [name for _, name, *_ in connection.execute("PRAGMA table_info(decisions)")]
        insert = f"INSERT INTO decisions ({', '.join(kept)}) VALUES ({', '.join('?' * len(kept))})"
        connection.execute("BEGIN")
        for event in told(rows):
            row = dict(zip((column.name for column in COLUMNS), encoded(event), strict=True))
            connection.execute(insert, [row[name] for name in kept])
        connection.execute("INSERT INTO feedback VALUES ('ok', 'user', ?, 1.0, NULL)", (AT,))
        connection.execute("COMMIT")


async def test_an_old_log_is_rolled_up_once_in_small_steps(path: Path, tmp_path: Path) -> None:
    rows = ROWS_PER_STEP + 5
    log = SQLiteDecisionLog(tmp_path / "new")
    await asyncio.gather(*(log.record(event) for event in told(rows)))
    await log.close()
    expected = (await SQLiteLedger(tmp_path / "new").totals(EVER))[None]
    write_old(path, rows)
    steps = 0
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while fill(connection):
            steps += 1
        assert not fill(connection)
    ledger = SQLiteLedger(path)
    assert steps == 2
    assert (await ledger.totals(EVER))[None] == expected
    assert (await ledger.totals(EVER, by="arm"))["named"].requests == 1
    assert [one.judged for one in await ledger.quality(EVER)] == [1]
    assert [one.judged for one in await SQLiteScores(path).session_scores(EVER)] == [1]
    assert sum((await SQLiteScores(path).judged_by_hour(EVER)).values()) == 1


async def test_feedback_on_a_row_that_is_yet_to_be_rolled_up_counts_once(path: Path) -> None:
    write_old(path, 10)
    log = SQLiteDecisionLog(path)
    await log.record_feedback(Feedback("ok", "user", AT, 0.5))
    await log.record_feedback(Feedback("named", "user", AT, 0.5))
    await log.close()
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while fill(connection):
            pass
    [found] = await SQLiteLedger(path).quality(EVER)
    assert (found.judged, found.score) == (2, 1.0)


async def test_rows_past_retention_go_with_their_feedback_and_their_sums_stay(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    for id, at in (("old", AT), ("new", AT + SECONDS_PER_DAY)):
        await log.record(an_event(id, at=at))
        await log.record_feedback(Feedback(id, "user", at, 1.0))
    before = await SQLiteLedger(path).totals(EVER)
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        assert not forget(connection, AT + 1)
    assert [row["decision"] for row in log.recent(5)] == ["new"]
    assert list(log.feedback_on(["old", "new"])) == ["new"]
    assert await SQLiteLedger(path).totals(EVER) == before
    await log.close()


def test_rows_that_the_sums_lack_are_kept_until_they_are_in(path: Path) -> None:
    write_old(path, 6)
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        forget(connection, AT + 1)
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (6,)
        while fill(connection):
            pass
        forget(connection, AT + 1)
        assert connection.execute("SELECT count(*) FROM decisions").fetchone() == (0,)


async def test_what_names_a_session_goes_with_its_rows(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    for id, at in (("older", AT), ("old", AT + 7200), ("new", AT + SECONDS_PER_DAY)):
        await log.record(an_event(id, at=at, session=id))
        await log.record_feedback(Feedback(id, "user", at, 1.0))
    await log.close()
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while forget(connection, AT + SECONDS_PER_DAY):
            pass
    scores = SQLiteScores(path)
    assert [it.session for it in await scores.session_scores(EVER)] == ["new"]
    assert sum((await scores.judged_by_hour(EVER)).values()) == 3


async def _with_two_rows(path: Path) -> SQLiteDecisionLog:
    log = SQLiteDecisionLog(path)
    await log.record(an_event("old", at=time.time() - 9 * SECONDS_PER_DAY))
    await log.record(an_event("new", at=time.time()))
    return log


def test_it_runs_by_itself_beside_a_log_that_is_open(path: Path) -> None:
    log = asyncio.run(_with_two_rows(path))
    upkeep = Upkeep(path, retention_days=7)
    upkeep.start()
    deadline = time.monotonic() + 10
    while len(log.recent(5)) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    upkeep.stop()
    assert [row["decision"] for row in log.recent(5)] == ["new"]
    asyncio.run(log.close())


def _left(journal: Path, *events: RoutingEvent) -> None:
    """A process keeps these rows, and dies when they are in the database and its journal."""
    made = Journal(journal, NAMES)
    for event in events:
        made.append(encoded_twice(event)[1])
    os.close(made.current.file)


async def test_what_a_process_that_died_had_left_is_written_and_counted_once(
    path: Path, tmp_path: Path
) -> None:
    log, journal = SQLiteDecisionLog(path), tmp_path / "journal"
    written, unwritten = an_event("written"), an_event("unwritten")
    await log.record(written)
    _left(journal, written, unwritten)
    alive = Journal(journal, NAMES)

    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        assert len([*take_over(connection, journal)]) == 1
        assert [*take_over(connection, journal)] == []

    assert {row["decision"] for row in log.recent(5)} == {"written", "unwritten"}
    assert (await SQLiteLedger(path).totals(EVER))[None].requests == 2
    assert [*journal.iterdir()] == [alive.current.path]
    alive.current.discard()
    await log.close()


async def test_rows_that_went_by_retention_do_not_come_back_from_a_journal(
    path: Path, tmp_path: Path
) -> None:
    log, journal = SQLiteDecisionLog(path), tmp_path / "journal"
    event = an_event("old", at=time.time() - 9 * SECONDS_PER_DAY)
    await log.record(event)
    _left(journal, event)

    upkeep = Upkeep(path, 7, journal)
    upkeep.start()
    async with asyncio.timeout(10):
        while log.recent(1):  # noqa: ASYNC110  another thread forgets
            await asyncio.sleep(0.02)
    upkeep.stop()
    again = JournaledDecisionLog(log, journal)
    await again.close()

    assert log.recent(1) == []
    totals = await SQLiteLedger(path).totals(Window(0, time.time() + SECONDS_PER_DAY))
    assert totals[None].requests == 1
