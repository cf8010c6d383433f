"""Sums of a tag and of something else together: those of the rows that have both, or how far."""

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
from router.core.feedback import Feedback
from router.core.ledger import (
    OTHER_TAGS,
    SECONDS_PER_DAY,
    ClusterSums,
    Grouping,
    LedgerFilter,
    Window,
)
from router.stores import sqlite_tag_sets
from router.stores.ledger_schema import TAG_SETS_MIGRATION
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_schema import MIGRATIONS, migrate
from router.stores.sqlite_tag_sets import SQLiteTagSets
from tests.fakes.events import AT, an_event, decided
from tests.fakes.rows import events
from tests.stores.test_sqlite_ledger import EVER, logged, settled, summed

DAY = AT // SECONDS_PER_DAY * SECONDS_PER_DAY
FILTERS = (
    LedgerFilter(),
    LedgerFilter(rule="easy", simulated=False),
    LedgerFilter(domain="law", model="small"),
    LedgerFilter(key_name="app", baseline="always:large"),
)
BYS: Sequence[Grouping] = ("tag", "rule", "model")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


def takes(where: LedgerFilter, it: RoutingEvent) -> bool:
    told = {
        "rule": it.decision.rule,
        "domain": it.signals.get("domain"),
        "model": it.model,
        "key_name": it.key_name,
        "baseline": it.baseline,
        "simulated": it.simulated,
    }
    return all(getattr(where, name) in (None, value) for name, value in told.items())


def values_of(it: RoutingEvent, by: Grouping) -> Sequence[str | None]:
    if by == "tag":
        return it.tags
    return [it.decision.rule if by == "rule" else it.model]


def figures(sums: Sequence[ClusterSums]) -> tuple[int, ...]:
    return (
        sum(it.requests for it in sums),
        sum(it.priced_requests for it in sums),
        sum(it.unpriced_requests for it in sums),
        sum(it.baseline_nano for it in sums),
        sum(it.net_nano for it in sums),
    )


def expected(told: Sequence[RoutingEvent]) -> tuple[int, ...]:
    whole = summed(told)
    return (whole.requests, whole.priced, whole.unpriced, whole.baseline_nano, whole.net_nano)


async def check(path: Path, told: Sequence[RoutingEvent]) -> None:
    for where in FILTERS:
        for by in BYS:
            for tag in (None, "checkout"):
                rows = [
                    it for it in told if it.tags and takes(where, it) and tag in (None, *it.tags)
                ]
                found = await SQLiteTagSets(path).tagged(EVER, where, by, tag)
                assert figures(found.any) == expected(rows if by == "tag" else ())
                assert {value: figures(of) for value, of in found.of.items()} == {
                    value: expected([it for it in rows if value in values_of(it, by)])
                    for value in {value for it in rows for value in values_of(it, by)}
                }
                assert found.window == Window(0, EVER.until // 86400 * 86400 + 86400)


@settings(max_examples=8, deadline=None)
@given(st.lists(events(), max_size=10), st.integers(0, 10))
def test_they_are_those_of_the_rows_also_when_days_are_settled_and_rows_are_gone(
    drawn: list[RoutingEvent], late: int
) -> None:
    told = [replace(event, id=f"d{number}") for number, event in enumerate(drawn)]

    async def run(path: Path) -> None:
        await logged(path, told[late:])
        await check(path, told[late:])
        settled(path)
        await logged(path, told[:late])
        settled(path, delete_before=AT + 30 * SECONDS_PER_DAY)
        await check(path, told)

    with TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory) / "log"))


async def test_of_too_many_the_newest_whole_days_are_read_and_it_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_tag_sets, "MOST_READ", 3)
    told = [
        an_event(f"{day}-{n}", at=AT + day * SECONDS_PER_DAY, session=f"{n}", tags=("a",))
        for day, many in ((0, 2), (1, 1), (3, 2))
        for n in range(many)
    ]
    await logged(path, told)

    async def read(until: float) -> tuple[float, int]:
        window = Window(DAY, until)
        found = await SQLiteTagSets(path).tagged(window, LedgerFilter(), "tag")
        return (found.window.since - DAY) / SECONDS_PER_DAY, figures(found.any)[0]

    # Three lines are two of the last day and one of the second; the first day has one too many.
    assert await read(DAY + 4 * SECONDS_PER_DAY) == (1, 3)
    assert await read(DAY + 2 * SECONDS_PER_DAY) == (0, 3)
    monkeypatch.setattr(sqlite_tag_sets, "MOST_READ", 1)
    assert await read(DAY + 4 * SECONDS_PER_DAY) == (4, 0)


async def test_what_could_not_have_been_kept_is_not_told(path: Path) -> None:
    """A log that had met tags before there were such sums holds them from its next day on."""
    before = MIGRATIONS[: MIGRATIONS.index(TAG_SETS_MIGRATION)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, before)
        connection.execute("INSERT INTO roll_up_tags VALUES ('x')")
        connection.execute("INSERT INTO roll_up_days VALUES (?)", (DAY,))
    told = [an_event("a", tags=("x",)), an_event("b", at=AT + SECONDS_PER_DAY, tags=("x",))]
    await logged(path, told)

    found = await SQLiteTagSets(path).tagged(EVER, LedgerFilter(rule="easy"), "tag")
    assert found.window.since == DAY + SECONDS_PER_DAY
    assert {tag: figures(of) for tag, of in found.of.items()} == {"x": expected(told[1:])}


async def test_scores_by_tag_are_those_of_its_answers_and_a_change_of_mind_replaces(
    path: Path,
) -> None:
    told = [
        an_event("a", tags=("x", "y"), decision=decided(rule="easy")),
        an_event("b", tags=("x",)),
        an_event("c"),
    ]
    said = [Feedback(it.id, "user", AT, 1.0) for it in told]
    ledger = await logged(path, [*told, *said, Feedback("a", "user", AT, 0.0)])

    found = {it.of: (it.judged, it.score) for it in await ledger.quality(EVER, by=("tag",))}
    assert found == {("x",): (2, 1.0), ("y",): (1, 0.0)}
    assert [it.judged for it in await ledger.quality(EVER)] == [3]
    with pytest.raises(ValueError, match="no scores are kept"):
        await ledger.quality(EVER, by=("tag", "rule"))
    with pytest.raises(ValueError, match="no sums are kept"):
        await ledger.quality(EVER, LedgerFilter(rule="easy"), ("tag",))


async def test_what_had_been_said_before_is_told_by_tag_too(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    told = [
        an_event("a", tags=("x", "lost", "lost-too")),
        an_event("b", tags=("x",), simulated=True),
        an_event("c"),
    ]
    for one in told:
        await log.record(one)
        await log.record_feedback(Feedback(one.id, "user", AT, 0.5))
    await log.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # As an older slm-router left it, which had met so many tags that two stood under one name.
        connection.execute("DELETE FROM roll_up_tags WHERE tag LIKE 'lost%'")
        for tag in ("lost", "lost-too"):
            name = OTHER_TAGS if tag == "lost" else f"{OTHER_TAGS}, none"
            connection.execute("UPDATE roll_up_keys SET tag = ? WHERE tag = ?", (name, tag))
        by_tag = "SELECT id FROM roll_up_keys WHERE level = 'tag'"
        connection.execute(f"DELETE FROM hourly_feedback WHERE key IN ({by_tag})")
        for table in ("tag_sets", "tag_sets_kept", "packed_scores"):
            connection.execute(f"DROP TABLE {table}")
        for what in ("insert", "update", "delete"):
            connection.execute(f"DROP TRIGGER unpack_scores_{what}")
        connection.execute(f"PRAGMA user_version = {MIGRATIONS.index(TAG_SETS_MIGRATION)}")
        migrate(connection, path)

    found = await SQLiteLedger(path).quality(EVER, LedgerFilter(simulated=False), ("tag",))
    assert [(it.of, it.judged, it.score, it.square) for it in found] == [
        ((OTHER_TAGS,), 1, 0.5, 0.25),
        (("x",), 1, 0.5, 0.25),
    ]
