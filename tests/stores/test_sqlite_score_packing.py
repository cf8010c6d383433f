"""Packs of sessions' scores: whatever is packed, the scores are those of the table's rows.

Beside them stand those added up row by row, as pages read them before there were packs.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.event import RoutingEvent
from router.core.feedback import SOURCES, Feedback, Source
from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR, Window
from router.core.review import Review
from router.core.session_score import SessionScore
from router.stores.ledger_schema import SCORE_PACKING_MIGRATION
from router.stores.roll_up import MICRO, day_of, rounded
from router.stores.score_parts import Rows, packed_scores
from router.stores.sqlite_schema import MIGRATIONS, migrate, open_for_writing
from router.stores.sqlite_scores import SQLiteScores
from router.stores.sqlite_settling import settle
from router.stores.sqlite_upkeep import forget
from tests.fakes.events import AT, an_event, decided
from tests.fakes.rows import events
from tests.stores.test_sqlite_ledger import EVER, logged, settled

HOURS = Window(AT + 5 * SECONDS_PER_HOUR, AT + 2.3 * SECONDS_PER_DAY)
"""Of its first and its last day it has a part."""
LATER = Window(AT + SECONDS_PER_DAY, EVER.until)
SAID = st.tuples(
    st.integers(0, 20), st.sampled_from(SOURCES), st.integers(0, 3), st.sampled_from([0, 0.1, 1])
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


def added_up(path: Path, window: Window, simulated: bool) -> list[SessionScore]:
    """Scores as the rows have them, in order of time."""
    asked = (
        "SELECT session, arm, source, at, judged, score_micro FROM session_scores"
        " WHERE hour >= ? AND hour < ? AND simulated = ?"
    )
    values = (*rounded(window, SECONDS_PER_HOUR), simulated)
    found: dict[tuple[Any, ...], tuple[float, int, int]] = {}
    with closing(sqlite3.connect(path)) as connection:
        for *of, at, judged, score in connection.execute(asked, values):
            known = found.get(place := tuple(of), (at, 0, 0))
            found[place] = (min(known[0], at), known[1] + judged, known[2] + score)
    rows = [
        SessionScore(of[0], of[1], of[2], at, n, sum / MICRO) for of, (at, n, sum) in found.items()
    ]
    return sorted(rows, key=lambda it: (it.at, it.session, it.arm, it.source))


async def check(path: Path) -> None:
    for window in (EVER, HOURS, LATER):
        for simulated in (False, True):
            told = [*await SQLiteScores(path).session_scores(window, simulated)]
            assert [(it.at, it.session) for it in told] == sorted(
                (it.at, it.session) for it in told
            )
            told.sort(key=lambda it: (it.at, it.session, it.arm, it.source))
            assert told == added_up(path, window, simulated)


def steps(path: Path) -> Iterator[None]:
    """Settling, stopped after every step."""
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while settle(connection, AT + 30 * SECONDS_PER_DAY):
            yield


def packs(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        [[many]] = connection.execute("SELECT count(scores) FROM packed_scores").fetchall()
    return int(many)


def some(days: Sequence[int] = (0, 1, 8)) -> list[RoutingEvent | Feedback]:
    """A judged answer of each of two sessions on each of some days; one goes on for all of them."""
    told = [
        an_event(f"{session}{day}", session=session, at=AT + day * SECONDS_PER_DAY)
        for day in days
        for session in ("goes on", f"of day {day}")
    ]
    said = [Feedback(it.id, "user", it.at + 1, 0.5) for it in told]
    return [*told, *said]


@settings(max_examples=8, deadline=None)
@given(st.lists(events(), min_size=3, max_size=8), st.lists(SAID, max_size=15), st.integers(0, 15))
def test_scores_are_those_of_the_rows_packed_or_not(
    drawn: list[RoutingEvent], said: list[tuple[int, Source, int, float]], late: int
) -> None:
    told = [replace(it, id=f"d{number}") for number, it in enumerate(drawn)]
    given = [
        Feedback(f"d{of % len(told)}", source, AT + at, score) for of, source, at, score in said
    ]

    async def run(path: Path) -> None:
        await logged(path, [*told, *given[late:]])
        await check(path)
        settled(path)
        await check(path)
        await logged(path, given[:late])
        await check(path)
        settled(path)
        await check(path)

    with TemporaryDirectory() as made:
        asyncio.run(run(Path(made) / "decisions.sqlite3"))


async def test_each_day_that_is_over_is_packed_and_nothing_changes(path: Path) -> None:
    await logged(path, some())
    before = 0
    for _ in steps(path):
        if packs(path) != before:
            before = packs(path)
            await check(path)
    assert packs(path) == 3


@pytest.mark.parametrize(
    "late",
    [
        Feedback("goes on0", "user", AT + 9, 1.0),
        Feedback("goes on0", "check", AT + 9, 1.0),
        Review("goes on0", AT + 9, (), 0.25),
    ],
    ids=["another score", "another source", "review"],
)
async def test_what_is_said_late_is_told_though_its_day_was_packed(
    path: Path, late: Feedback | Review
) -> None:
    await logged(path, some())
    settled(path)
    before = await SQLiteScores(path).session_scores(EVER)
    await logged(path, [late])
    assert packs(path) == 2
    await check(path)
    settled(path)
    assert packs(path) == 3
    await check(path)
    assert [*before] != [*await SQLiteScores(path).session_scores(EVER)]


async def test_whoever_changes_a_row_unpacks_its_day(path: Path) -> None:
    """As a process does that began before there were packs, and knows of none."""
    await logged(path, some())
    settled(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE session_scores SET score_micro = 7 WHERE session = 'of day 1'")
        connection.execute("DELETE FROM session_scores WHERE session = 'of day 8'")
    assert packs(path) == 1
    await check(path)


async def test_what_is_said_while_a_pack_is_made_is_not_missing_from_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process adds to the day once its rows were read."""
    await logged(path, some())
    late = [Feedback("goes on0", "check", AT + 9, 1.0), Feedback("goes on1", "check", AT, 1.0)]

    def meanwhile(rows: Rows) -> tuple[bytes, bytes]:
        while late:
            other = Thread(target=lambda: asyncio.run(_log(path, late.pop())))
            other.start()
            other.join()
        return packed_scores(rows)

    monkeypatch.setattr("router.stores.sqlite_score_packing.packed_scores", meanwhile)
    settled(path)
    assert packs(path) == 3 and not late
    await check(path)


async def _log(path: Path, one: Feedback) -> None:
    await logged(path, [one])


async def test_what_was_begun_and_never_made_is_made_anew(path: Path) -> None:
    await logged(path, some())
    with closing(sqlite3.connect(path)) as connection, connection:
        begun = (day_of(AT), False, b"whose process ended")
        connection.execute("INSERT INTO packed_scores VALUES (?, ?, ?, NULL, NULL)", begun)
    await check(path)
    settled(path)
    assert packs(path) == 3
    await check(path)


async def test_a_page_reads_the_pack_where_there_is_one(path: Path) -> None:
    await logged(path, some())
    settled(path)
    names, scores = packed_scores([("packed", "treated", "user", 2**30, 1, 1_000_000)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE packed_scores SET names = ?, scores = ?", (names, scores))
    told = await SQLiteScores(path).session_scores(EVER)
    assert [*told] == [SessionScore("packed", "treated", "user", 1.0, 3, 3.0)]


async def test_what_names_a_session_goes_from_the_packs_too(path: Path) -> None:
    await logged(path, some())
    settled(path)
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while forget(connection, AT + 2 * SECONDS_PER_DAY):
            pass
        kept = connection.execute("SELECT names FROM packed_scores").fetchall()
    assert len(kept) == 1 and "of day 8" in kept[0][0]
    settled(path)
    await check(path)


async def test_a_log_of_before_there_were_packs_is_taken_over(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, MIGRATIONS[: MIGRATIONS.index(SCORE_PACKING_MIGRATION)])
        rows = [(day_of(AT), 0, f"s{n}", "treated", "user", AT + n, 1, n) for n in range(3)]
        connection.executemany("INSERT INTO session_scores VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("INSERT INTO roll_up_days VALUES (?)", (day_of(AT),))
    settled(path)
    assert packs(path) == 1
    await check(path)
    assert len(await SQLiteScores(path).session_scores(EVER)) == 3


async def test_the_day_that_goes_on_is_not_packed(path: Path) -> None:
    control = decided(arm="control")
    await logged(path, [an_event("a", decision=control), Feedback("a", "user", AT, 1.0)])
    settled(path, until=AT + SECONDS_PER_HOUR)
    assert packs(path) == 0
    await check(path)
