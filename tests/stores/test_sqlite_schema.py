"""The decision log's schema: what it holds, and how a file of another version is treated."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from router.errors import DecisionLogError
from router.stores.decision_columns import COLUMNS, Kind
from router.stores.decision_row import encoded
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_reader import DecisionReader
from router.stores.sqlite_schema import MIGRATIONS, Migration, migrate
from tests.fakes.events import AT, an_event

SQL_TYPES: dict[Kind, str] = {
    "text": "TEXT",
    "number": "REAL",
    "integer": "INTEGER",
    "flag": "INTEGER",
    "json": "TEXT",
}
LATER: Migration = (
    "ALTER TABLE decisions ADD COLUMN tenant TEXT",
    "CREATE INDEX decisions_by_tenant ON decisions (tenant, at)",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        yield made


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_the_schema_holds_exactly_the_columns_of_a_row(
    path: Path, connection: sqlite3.Connection
) -> None:
    migrate(connection, path)
    found = [
        (name, kind, bool(required))
        for _, name, kind, required, _, _ in connection.execute("PRAGMA table_info(decisions)")
    ]
    assert found == [(column.name, SQL_TYPES[column.kind], column.required) for column in COLUMNS]


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("", "decisions_by_time"),
        ("WHERE at >= 1", "decisions_by_time"),
        ("WHERE model = 'm'", "decisions_by_model"),
        ("WHERE model = 'm' AND at >= 1", "decisions_by_model"),
        ("WHERE rule = 'r'", "decisions_by_rule"),
        ("WHERE id = 'i'", "sqlite_autoindex_decisions_1"),
    ],
)
def test_what_is_asked_for_often_is_read_through_an_index(
    path: Path, connection: sqlite3.Connection, condition: str, index: str
) -> None:
    migrate(connection, path)
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN SELECT * FROM decisions {condition}"
        " ORDER BY at DESC, rowid DESC LIMIT 5"
    ).fetchall()
    assert index in plan[0][3]
    assert not any("TEMP B-TREE" in step[3] for step in plan) or "id =" in condition


async def test_an_old_file_is_migrated_with_its_rows(
    path: Path, connection: sqlite3.Connection
) -> None:
    log = SQLiteDecisionLog(path)
    await log.record(an_event())
    await log.close()
    migrate(connection, path, (*MIGRATIONS, LATER))
    assert version(connection) == len(MIGRATIONS) + 1
    assert connection.execute("SELECT id, tenant FROM decisions").fetchall() == [("d1", None)]


@pytest.mark.parametrize("begun", range(len(MIGRATIONS) + 1))
async def test_a_file_of_every_earlier_version_opens_and_takes_rows(
    path: Path, connection: sqlite3.Connection, begun: int
) -> None:
    migrate(connection, path, MIGRATIONS[:begun])
    log = SQLiteDecisionLog(path)
    await log.record(an_event())
    assert log.find("d1") is not None
    assert version(connection) == len(MIGRATIONS)
    await log.close()


def schema(connection: sqlite3.Connection) -> set[tuple[str, str | None]]:
    return set(connection.execute("SELECT name, sql FROM sqlite_master"))


@pytest.mark.parametrize("begun", range(len(MIGRATIONS) + 1))
def test_a_file_of_every_earlier_version_comes_to_the_same_schema(
    path: Path, connection: sqlite3.Connection, begun: int
) -> None:
    migrate(connection, path, MIGRATIONS[:begun])
    if begun in (4, 5):
        # One release made it with the ledger's tables, others did not.
        connection.execute("CREATE INDEX decisions_judged ON decisions (id, at, session, arm)")
    migrate(connection, path)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        migrate(new, path)
        assert schema(connection) == schema(new)


def test_what_was_said_before_there_were_roll_ups_of_it_is_in_them(
    path: Path, connection: sqlite3.Connection
) -> None:
    migrate(connection, path, MIGRATIONS[:5])
    # Version 5 had all columns but those that came after.
    later = {"tags", "baseline_tokenizer_basis"}
    names = [column.name for column in COLUMNS if column.name not in later]
    insert = f"INSERT INTO decisions ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    for id in ("a", "b", "c"):
        session = None if id == "c" else "s"
        connection.execute(insert, encoded(an_event(id, session=session))[: len(names)])
    connection.executemany(
        "INSERT INTO feedback VALUES (?, ?, ?, ?, NULL)",
        [("a", "user", AT, 1.0), ("a", "judge", AT, 0.5), ("b", "user", AT + 9, 0.25)],
    )
    migrate(connection, path)
    asked = "SELECT session, source, at, judged, score_micro FROM session_scores ORDER BY source"
    assert connection.execute(asked).fetchall() == [
        ("s", "judge", AT, 1, 500_000),
        ("s", "user", AT, 2, 1_250_000),
    ]
    assert connection.execute("SELECT decisions FROM judged_hours").fetchall() == [(2,)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    path: Path, connection: sqlite3.Connection
) -> None:
    migrate(connection, path)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        migrate(connection, path, (*MIGRATIONS, (*LATER, "ALTER TABLE nowhere ADD COLUMN x")))
    assert version(connection) == len(MIGRATIONS)
    names = [row[1] for row in connection.execute("PRAGMA table_info(decisions)")]
    assert "tenant" not in names


def test_a_newer_file_is_refused_with_what_to_do(
    path: Path, connection: sqlite3.Connection
) -> None:
    migrate(connection, path, (*MIGRATIONS, LATER))
    with pytest.raises(DecisionLogError, match=r"newer slm-router.*Upgrade slm-router, or set"):
        SQLiteDecisionLog(path)
    with pytest.raises(DecisionLogError, match="newer slm-router"):
        DecisionReader(path).recent(1)
    assert version(connection) == len(MIGRATIONS) + 1


def test_a_reader_does_not_migrate_but_says_what_to_do(
    path: Path, connection: sqlite3.Connection
) -> None:
    connection.execute("CREATE TABLE old (x)")
    with pytest.raises(DecisionLogError, match=r"older slm-router.*Start `slm-router serve` once"):
        DecisionReader(path).recent(1)
    assert version(connection) == 0
