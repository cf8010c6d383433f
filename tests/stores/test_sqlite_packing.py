"""Packs of sums by cluster: whatever is packed or lifted, the sums are those of the rows.

Beside the roll-ups stand those sums worked out from the rows alone, as they are without any of it.
"""

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, astuple
from operator import add
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.event import RoutingEvent
from router.core.ledger import SECONDS_PER_DAY, Grouping, LedgerFilter, Window
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.packed_sums import packed
from router.stores.roll_up import ALWAYS, LEVELS, RollUp, Row, day_of
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_packing import pack
from router.stores.sqlite_schema import open_for_writing
from router.stores.sqlite_settling import settle
from tests.fakes.events import AT, an_event
from tests.fakes.rows import events
from tests.stores.test_sqlite_ledger import DIMENSIONS, EVER, logged, settled

GROUPINGS: tuple[Grouping | None, ...] = (None, *DIMENSIONS, "tag")
NARROWED: tuple[tuple[Grouping | None, LedgerFilter], ...] = (
    ("model", LedgerFilter(rule="easy")),
    ("rule", LedgerFilter(domain="law", key_name="app")),
    ("key_name", LedgerFilter(model="small", simulated=False)),
    ("domain", LedgerFilter(rule="easy", domain="law", model="small", key_name="app")),
    (None, LedgerFilter(rule="a", baseline="always:large", arm="routed", model="small")),
)
"""What full sums are read for: two things together or more, by all four of them."""
ASKED = (*((by, LedgerFilter()) for by in GROUPINGS), *NARROWED)
TOLD = (*ALWAYS, *LEVELS)

Sums = Mapping[str | None, Mapping[int, Sequence[int]]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    lower(monkeypatch)


def lower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.stores.sqlite_settling._MOVED_AT_ONCE", 2)
    monkeypatch.setattr("router.stores.sqlite_settling.LIFT_FROM", 3)


def rows_of(path: Path, window: Window) -> Sequence[Row]:
    since, until = day_of(window.since), window.until
    with closing(sqlite3.connect(path)) as connection:
        read = f"SELECT {', '.join(Row._fields)} FROM decisions WHERE at >= ? AND at < ?"
        return [Row._make(it) for it in connection.execute(read, (since, until))]


def summed(rows: Sequence[Row], where: LedgerFilter, by: Grouping | None) -> Sums:
    """The sums by cluster as the rows have them, none kept before."""
    asked = {name: value for name, value in asdict(where).items() if value is not None}
    found: dict[str | None, dict[int, Sequence[int]]] = {}
    for row in rows:
        if any(getattr(row, name) != value for name, value in asked.items()):
            continue
        one = RollUp()
        one.add(row)
        [((_, _, cluster), figures)] = one.clusters.items()
        for value in _values(row, by):
            known = found.setdefault(value, {}).get(cluster, [0] * len(figures))
            found[value][cluster] = list(map(add, known, figures))
    return found


def _values(row: Row, by: Grouping | None) -> Iterator[str | None]:
    if by == "tag":
        yield from json.loads(row.tags) or [None]
    else:
        value = None if by is None else row[TOLD.index(by)]
        yield None if value is None else str(value)


async def of_the_ledger(
    path: Path, window: Window, where: LedgerFilter, by: Grouping | None
) -> Sums:
    found = (await SQLiteLedger(path).clusters(window, where, by)).of
    return {
        value: {it.cluster: list(astuple(it)[1:]) for it in of} for value, of in found.items() if of
    }


async def check(path: Path, window: Window = EVER) -> None:
    rows = rows_of(path, window)
    for by, where in ASKED:
        told = await of_the_ledger(path, window, where, by)
        assert told == summed(rows, where, by), (by, where)


def steps(path: Path, until: float = AT + 30 * SECONDS_PER_DAY) -> Iterator[None]:
    """Settling, stopped after every step."""
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while settle(connection, until):
            yield


def packs(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        [[many]] = connection.execute("SELECT count(*) FROM packed_clusters").fetchall()
    return int(many)


@settings(max_examples=6, deadline=None)
@given(st.lists(events(), min_size=4, max_size=10), st.integers(0, 10))
def test_sums_by_cluster_are_those_of_the_rows_packed_or_not(
    drawn: list[RoutingEvent], late: int
) -> None:
    told = [replace(event, id=f"d{number}") for number, event in enumerate(drawn)]

    async def run(path: Path) -> None:
        await logged(path, told[late:])
        await check(path)
        # In the midst of it, when of a day that goes on some sums are lifted.
        settled(path, until=AT + SECONDS_PER_DAY)
        await check(path)
        settled(path)
        await check(path)
        await logged(path, told[:late])
        await check(path)
        settled(path)
        await check(path)

    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        lower(patch)
        asyncio.run(run(Path(directory) / "log"))


async def test_sums_by_cluster_are_the_same_after_every_step_of_settling(path: Path) -> None:
    told = [
        an_event(f"{rule}{day}", session=f"s{day}{rule}", key_name=rule, at=AT + day * 86_400)
        for day in (0, 1, 8)
        for rule in ("a", "b", "c")
    ]
    await logged(path, told)
    window = Window(AT + SECONDS_PER_DAY, EVER.until)
    for number, _ in enumerate(steps(path)):
        if number % 9 == 0:
            await check(path)
            await check(path, window)
    await check(path)
    await check(path, window)


async def test_what_comes_late_is_counted_though_its_day_was_packed(path: Path) -> None:
    days = (0, 1, 8)
    await logged(path, [an_event(f"{day}", at=AT + day * 86_400) for day in days])
    settled(path)
    before = packs(path)
    await logged(path, [an_event("late", at=AT), an_event("later", at=AT + 2 * 86_400)])
    assert packs(path) < before
    await check(path)
    settled(path)
    # As many as there were, and those of the new day.
    assert packs(path) == before + 8
    await check(path)


async def test_what_comes_while_its_day_is_being_settled_is_counted_at_once(path: Path) -> None:
    await logged(path, [an_event("a"), an_event("b", key_name=None)])
    for number, _ in enumerate(steps(path)):
        if number in (0, 2, 5):
            await logged(path, [an_event(f"late{number}", at=AT + number)])
            await check(path)
    await check(path)


async def test_what_comes_while_a_pack_is_made_is_not_missing_from_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process adds to the day once its sums were read."""
    await logged(path, [an_event("a")])
    late = [an_event("late", at=AT + 1)]

    def meanwhile(rows: Sequence[Sequence[int]]) -> bytes:
        while late:
            other = Thread(target=lambda: asyncio.run(_log(path, late.pop())))
            other.start()
            other.join()
        return packed(rows)

    monkeypatch.setattr("router.stores.sqlite_packing.packed", meanwhile)
    # Of a week that is over this is a part, so that days are read.
    window = Window(AT, EVER.until)
    for _ in steps(path):
        await check(path, window)
    await check(path, window)
    with closing(sqlite3.connect(path)) as connection:
        begun = "SELECT count(*) FROM packed_clusters WHERE level = 'begun'"
        assert connection.execute(begun).fetchone() == (0,)


async def _log(path: Path, event: RoutingEvent) -> None:
    await logged(path, [event])


async def test_a_page_reads_the_pack_where_there_is_one(path: Path) -> None:
    await logged(path, [an_event("a")])
    settled(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE packed_clusters SET sums = ?", (packed([]),))
    assert (await SQLiteLedger(path).clusters(EVER, by="rule")).of == {}
    assert (await SQLiteLedger(path).clusters(EVER, LedgerFilter(rule="easy"), "model")).of == {}


async def test_of_a_day_that_goes_on_few_sums_are_left_to_be_added_up(path: Path) -> None:
    await logged(path, [an_event(str(n), session=None, key_name=str(n)) for n in range(9)])
    settled(path, until=AT)
    with closing(sqlite3.connect(path)) as connection:
        [[full]] = connection.execute(
            "SELECT count(*) FROM settled_days WHERE level = 'full'"
        ).fetchall()
    assert (left_open(path), full) == (1, 0)
    await check(path)
    where = LedgerFilter(rule="easy", key_name="4")
    [one] = (await SQLiteLedger(path).clusters(EVER, where)).of[None]
    assert one.requests == 1


async def begun_before(path: Path) -> None:
    """A day's sums as an older slm-router left them, which lifted none."""
    await logged(path, [an_event(str(n), session=None, key_name=str(n)) for n in range(9)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM settled_days WHERE level = 'lifted'")


def left_open(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        [[left]] = connection.execute("SELECT count(*) FROM open_clusters").fetchall()
    return int(left)


async def test_a_day_begun_before_sums_were_lifted_is_lifted_from_now_on(path: Path) -> None:
    await begun_before(path)
    for _ in steps(path, until=AT):
        await check(path)
    assert left_open(path) == 1
    await logged(path, [an_event(f"more{n}", session=None) for n in range(5)])
    await check(path)
    settled(path)
    await check(path)


async def test_a_day_some_of_whose_sums_were_moved_before_is_settled_as_ever(path: Path) -> None:
    await begun_before(path)
    some = "SELECT key FROM open_clusters ORDER BY key LIMIT 2"
    with closing(sqlite3.connect(path)) as connection, connection:
        for read in (
            "INSERT INTO daily_clusters (key, day, cluster, {0}) SELECT key, day, cluster, {0}",
            "DELETE",
        ):
            told = read.format(", ".join(CLUSTER_SUMS))
            connection.execute(f"{told} FROM open_clusters WHERE key IN ({some})")
    settled(path, until=AT)
    assert left_open(path) == 7
    settled(path)
    await check(path)


async def test_a_day_is_packed_once_all_its_full_sums_are_where_they_stay(path: Path) -> None:
    """Another process has marked it this moment, and is moving them."""
    await logged(path, [an_event(str(n), session=None, key_name=str(n)) for n in range(9)])
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        connection.execute("INSERT INTO settled_days VALUES ('full', ?)", (day_of(AT),))
        assert not pack(connection, day_of(AT) + SECONDS_PER_DAY)
    await check(path)
    settled(path)
    assert packs(path) > 0
    await check(path)
