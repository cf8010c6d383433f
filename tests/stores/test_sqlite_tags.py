"""The ledger's sums by tag: always those of the rows that have it, however these came and went."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.event import RoutingEvent
from router.core.ledger import (
    MOST_TAGS_OF_A_LOG,
    OTHER_TAGS,
    SECONDS_PER_DAY,
    LedgerFilter,
    Totals,
    Window,
)
from router.ledger import Ledger
from router.stores.ledger_schema import TAG_MIGRATION
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_schema import MIGRATIONS, migrate
from tests.fakes.events import AT, an_event
from tests.fakes.rows import events
from tests.stores.test_sqlite_ledger import EVER, logged, settled, summed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


def with_tag(told: Sequence[RoutingEvent], tag: str | None) -> list[RoutingEvent]:
    return [it for it in told if (tag in it.tags if tag else not it.tags)]


def names_of(told: Sequence[RoutingEvent]) -> set[str | None]:
    return {tag for it in told for tag in (it.tags or (None,))}


async def check(ledger: SQLiteLedger, told: Sequence[RoutingEvent]) -> None:
    """Every way to ask by tag gives the sums of the events that have it, or have none."""
    totals = await ledger.totals(EVER, by="tag")
    clusters = (await ledger.clusters(EVER, by="tag")).of
    points = await ledger.series(EVER, by="tag", step="day")
    assert set(totals) == set(clusters) == {point.of for point in points} == names_of(told)
    for tag, found in totals.items():
        whole = summed(with_tag(told, tag))
        assert found == whole
        assert sum((it.totals for it in points if it.of == tag), Totals()) == whole
        assert sum(it.net_nano for it in clusters[tag]) == whole.net_nano
        assert sum(it.requests for it in clusters[tag]) == whole.requests
        assert sum(it.priced_requests for it in clusters[tag]) == whole.priced
    where = LedgerFilter(simulated=False, baseline="always:large", arm="routed")
    alike = [
        it
        for it in told
        if (it.simulated, it.baseline, it.decision.arm) == (False, "always:large", "routed")
    ]
    narrowed = await ledger.totals(EVER, where, "tag")
    assert narrowed == {tag: summed(with_tag(alike, tag)) for tag in names_of(alike)}


@settings(max_examples=12, deadline=None)
@given(st.lists(events(), max_size=12), st.integers(0, 12))
def test_sums_by_tag_are_those_of_its_rows_before_and_after_days_and_weeks_are_settled(
    drawn: list[RoutingEvent], late: int
) -> None:
    told = [replace(event, id=f"d{number}") for number, event in enumerate(drawn)]

    async def run(path: Path) -> None:
        ledger = await logged(path, told[late:])
        await check(ledger, told[late:])
        settled(path)
        await check(ledger, told[late:])
        # Answers that ran past midnight come when their day, and its week, has been settled.
        await logged(path, told[:late])
        await check(ledger, told)
        settled(path, delete_before=AT + 30 * SECONDS_PER_DAY)
        await check(ledger, told)

    with TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory) / "log"))


async def test_sums_by_tag_of_settled_weeks_and_other_days_make_up_any_window(path: Path) -> None:
    days = range(20)
    told = [an_event(f"{day}", at=AT + day * SECONDS_PER_DAY, tags=("a",)) for day in days]
    await logged(path, told)
    settled(path, until=AT + 18 * SECONDS_PER_DAY)
    for since in range(0, 20, 3):
        window = Window(AT + since * SECONDS_PER_DAY, EVER.until + 10 * SECONDS_PER_DAY)
        clusters = (await SQLiteLedger(path).clusters(window, by="tag")).of
        assert {tag: sum(it.requests for it in of) for tag, of in clusters.items()} == {
            "a": 20 - since
        }


async def test_by_tag_no_sums_are_kept_of_a_rule_and_nobody_is_told_wrong_ones(path: Path) -> None:
    ledger: Ledger = await logged(path, [an_event("a", tags=("x",))])
    with pytest.raises(ValueError, match="no sums are kept"):
        await ledger.totals(EVER, LedgerFilter(rule="easy"), "tag")
    with pytest.raises(ValueError, match="no sums are kept"):
        await ledger.clusters(EVER, LedgerFilter(key_name="app"), "tag")


async def test_a_log_without_tags_holds_nothing_of_them(path: Path) -> None:
    ledger = await logged(path, [an_event("a"), an_event("b")])
    settled(path)
    assert await ledger.totals(EVER, by="tag") == {None: summed([an_event()] * 2)}
    with closing(sqlite3.connect(path)) as connection:
        asked = "SELECT count(*) FROM roll_up_keys WHERE level = 'tag'"
        assert connection.execute(asked).fetchone() == (0,)


async def test_further_tags_are_summed_under_one_name_and_a_request_counts_there_once(
    path: Path,
) -> None:
    per_row = 8
    rows = MOST_TAGS_OF_A_LOG // per_row
    told = [
        an_event(f"d{row}", tags=tuple(f"t{row * per_row + n}" for n in range(per_row)))
        for row in range(rows)
    ]
    hostile = [an_event(f"h{n}", tags=(f"x{n}", f"y{n}", "t7")) for n in range(40)]
    await logged(path, told)
    ledger = await logged(path, hostile)
    totals = await ledger.totals(EVER, by="tag")
    assert len(totals) == MOST_TAGS_OF_A_LOG + 1
    assert totals[OTHER_TAGS] == summed(hostile)
    assert totals["t7"] == summed([*hostile, told[0]])
    with closing(sqlite3.connect(path)) as connection:
        # One name, and that of any tag.
        asked = "SELECT count(*) FROM roll_up_keys WHERE level = 'tag'"
        assert connection.execute(asked).fetchone() == (MOST_TAGS_OF_A_LOG + 2,)


async def test_a_tag_whose_transaction_failed_takes_no_place(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON hourly_histograms"
            " BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(Exception, match="no"):
            await log.record(an_event("a", tags=("lost",)))
        connection.execute("DROP TRIGGER refuse")
        connection.commit()
        await log.record(an_event("b", tags=("kept",)))
        await log.record(an_event("c", tags=("lost",)))
        await log.close()
        names = connection.execute("SELECT tag FROM roll_up_tags ORDER BY 1").fetchall()
    assert names == [("kept",), ("lost",)]
    assert set(await SQLiteLedger(path).totals(EVER, by="tag")) == {"kept", "lost"}


async def test_a_log_of_before_there_were_tags_goes_on_with_its_sums_and_keys(path: Path) -> None:
    """Its keys are those of today, so what it has summed is added to and not begun anew."""
    before = MIGRATIONS[: MIGRATIONS.index(TAG_MIGRATION)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, before)
        connection.execute(
            "INSERT INTO roll_up_keys (id, key, level, arm, baseline, simulated)"
            """ VALUES (7, '["all","routed","always:large",0,null,null,null,null,null]',"""
            " 'all', 'routed', 'always:large', 0)"
        )
    ledger = await logged(path, [an_event("a"), an_event("b", tags=("x",))])
    settled(path)
    assert (await ledger.totals(EVER, by="tag"))["x"].requests == 1
    with closing(sqlite3.connect(path)) as connection:
        asked = "SELECT id, tag FROM roll_up_keys WHERE level = 'all'"
        assert connection.execute(asked).fetchall() == [(7, None)]
        assert connection.execute("SELECT sum(requests) FROM hourly WHERE key = 7").fetchone() == (
            2,
        )
