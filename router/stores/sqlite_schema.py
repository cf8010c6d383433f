"""The decision log's SQLite file: how it is opened, and how its schema came to be.

Rule: a migration that was released is never edited; a change is a new one at the end. The number
of migrations a file has been through is its `PRAGMA user_version`.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from router.errors import DecisionLogError
from router.stores.ledger_schema import (
    LEDGER_MIGRATION,
    MEASURED_MIGRATION,
    PACKING_MIGRATION,
    READING_MIGRATION,
    SCORE_PACKING_MIGRATION,
    TAG_MIGRATION,
    TAG_SETS_MIGRATION,
)
from router.stores.review_schema import REVIEW_MIGRATION

Migration = Sequence[str]
"""Statements that take a file from one version to the next, in one transaction."""

MIGRATIONS: tuple[Migration, ...] = (
    (
        """
        CREATE TABLE decisions (
            id TEXT PRIMARY KEY NOT NULL,
            at REAL NOT NULL,
            endpoint TEXT NOT NULL,
            requested_model TEXT NOT NULL,
            stream INTEGER NOT NULL,
            session TEXT,
            policy TEXT NOT NULL,
            policy_version TEXT NOT NULL,
            rule TEXT NOT NULL,
            strategy TEXT NOT NULL,
            choice TEXT,
            model TEXT,
            reason TEXT NOT NULL,
            outcome TEXT NOT NULL,
            status INTEGER NOT NULL,
            propensity REAL,
            draw REAL NOT NULL,
            explored INTEGER NOT NULL,
            confidence REAL NOT NULL,
            input_tokens INTEGER,
            output_tokens INTEGER,
            cached_input_tokens INTEGER,
            reasoning_tokens INTEGER,
            usage_estimated INTEGER NOT NULL,
            cost_usd REAL,
            baseline TEXT,
            baseline_cost_usd REAL,
            decision_s REAL NOT NULL,
            overhead_s REAL NOT NULL,
            first_byte_s REAL,
            total_s REAL NOT NULL,
            fallbacks INTEGER NOT NULL,
            simulated INTEGER NOT NULL,
            signals TEXT NOT NULL,
            failed_signals TEXT NOT NULL,
            unknown_rules TEXT NOT NULL,
            candidates TEXT NOT NULL,
            rejected TEXT NOT NULL,
            propensities TEXT NOT NULL,
            attempts TEXT NOT NULL,
            request_content TEXT,
            response_content TEXT
        )
        """,
        "CREATE INDEX decisions_by_time ON decisions (at)",
        "CREATE INDEX decisions_by_model ON decisions (model, at)",
        "CREATE INDEX decisions_by_rule ON decisions (rule, at)",
    ),
    (
        """
        CREATE TABLE feedback (
            decision TEXT NOT NULL REFERENCES decisions (id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            at REAL NOT NULL,
            score REAL NOT NULL,
            word TEXT,
            PRIMARY KEY (decision, source)
        ) WITHOUT ROWID
        """,
    ),
    ("ALTER TABLE decisions ADD COLUMN key_name TEXT",),
    LEDGER_MIGRATION,
    (
        "ALTER TABLE decisions ADD COLUMN held_model TEXT",
        "ALTER TABLE decisions ADD COLUMN held_tokens INTEGER",
        "ALTER TABLE decisions ADD COLUMN held_idle_s REAL",
    ),
    READING_MIGRATION,
    TAG_MIGRATION,
    MEASURED_MIGRATION,
    PACKING_MIGRATION,
    REVIEW_MIGRATION,
    TAG_SETS_MIGRATION,
    SCORE_PACKING_MIGRATION,
)

_WAL_SIZE_LIMIT = 64 * 1024 * 1024
_PAGES_TO_CHECKPOINT = 4_000
"""SQLite's own checkpoint is the second line: the writer makes smaller ones between commits."""

_PAUSE_S = 0.02


def make_for_owner(path: Path) -> None:
    """An empty file for the owner alone, where there is none: it may come to hold what people
    wrote. Raises OSError.

    One that is there is not touched: to close any handle of it would drop every lock that SQLite
    holds on it in this process (POSIX), and another process would then take away the log of what
    we write (sqlite.org/howtocorrupt.html, 2.2).
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def open_for_writing(path: Path, busy_s: float, survive_power_cut: bool) -> sqlite3.Connection:
    """The file, made and brought up to date if need be; usable from any one thread.

    `busy_s` is how long to wait for another process's transaction, in seconds. Raises
    DecisionLogError if the directory cannot be written, the disk is full, the file is locked for
    longer, is no SQLite file, or was written by a newer slm-router.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_for_owner(path)
        connection = sqlite3.connect(
            path, timeout=busy_s, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise cannot("be opened", path, error) from error
    try:
        _enter_wal(connection, path, busy_s)
        connection.execute(f"PRAGMA synchronous = {'FULL' if survive_power_cut else 'NORMAL'}")
        # Feedback belongs to a decision, and goes with it.
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_SIZE_LIMIT}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_TO_CHECKPOINT}")
        migrate(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise cannot("be opened", path, error) from error
    except DecisionLogError:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path, busy_s: float) -> sqlite3.Connection:
    """An existing file, for reading only, also while others write it.

    Raises DecisionLogError if there is none, or it is of another schema than this program's.
    """
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", timeout=busy_s, uri=True
        )
    except sqlite3.Error as error:
        raise cannot("be read", path, error) from error
    try:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise _too_new(path, version, len(MIGRATIONS))
        if version < len(MIGRATIONS):
            raise DecisionLogError(
                f"The decision log {path} was written by an older slm-router (schema {version},"
                f" this one reads {len(MIGRATIONS)}). Start `slm-router serve` once: it brings"
                " the file up to date."
            )
    except sqlite3.Error as error:
        connection.close()
        raise cannot("be read", path, error) from error
    except DecisionLogError:
        connection.close()
        raise
    return connection


def fetched(path: Path, busy_s: float, statement: str, values: Sequence[Any]) -> list[Any]:
    """All rows that a statement finds, through a connection of its own. Raises DecisionLogError."""
    try:
        with closing(open_for_reading(path, busy_s)) as connection:
            return connection.execute(statement, values).fetchall()
    except sqlite3.Error as error:
        raise cannot("be read", path, error) from error
    except UnicodeEncodeError:
        # Half a surrogate pair in what was asked for: no row can hold that.
        return []


def fetched_at_once(
    path: Path, busy_s: float, statement: str, values: Sequence[Any], columns: int
) -> list[Any]:
    """The same, as `rows_at_once` has them. Raises DecisionLogError."""
    try:
        with closing(open_for_reading(path, busy_s)) as connection:
            return rows_at_once(connection, statement, values, columns)
    except sqlite3.Error as error:
        raise cannot("be read", path, error) from error
    except UnicodeEncodeError:
        return []


def rows_at_once(
    connection: sqlite3.Connection, statement: str, values: Sequence[Any], columns: int
) -> list[Any]:
    """Rows of so many columns, whole numbers and texts, in no order, fetched as one value: each
    row by itself waits for whatever else this process is at. Raises sqlite3.Error."""
    names = ", ".join(f"c{number}" for number in range(columns))
    whole = f"WITH t ({names}) AS ({statement}) SELECT json_group_array(json_array({names})) FROM t"
    [told] = connection.execute(whole, values).fetchone()
    return list(msgspec.json.decode(told))


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> None:
    """Take a file through the migrations that it lacks, all or none.

    Raises DecisionLogError for a file that has been through more than are known, sqlite3.Error
    if a statement fails.
    """
    if _version(connection) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have been at it meanwhile.
        version = _version(connection)
        if version > len(migrations):
            raise _too_new(path, version, len(migrations))
        for migration in migrations[version:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except (sqlite3.Error, DecisionLogError):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def cannot(what: str, path: Path, error: Exception) -> DecisionLogError:
    """The error to raise when the file cannot be opened, read or written."""
    return DecisionLogError(f"The decision log {path} cannot {what}: {error}.")


def _enter_wal(connection: sqlite3.Connection, path: Path, busy_s: float) -> None:
    """Write-ahead logging, so that readers and writers do not wait for each other.

    SQLite's busy timeout does not hold for this switch, so two first starts may meet here.
    """
    deadline = time.monotonic() + busy_s
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
    if mode != "wal":
        raise DecisionLogError(
            f"The decision log {path} cannot be opened: its file system has no shared memory for"
            " write-ahead logging. Set SLM_ROUTER_STATE_DIR to a directory on a local disk."
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _too_new(path: Path, version: int, known: int) -> DecisionLogError:
    return DecisionLogError(
        f"The decision log {path} was written by a newer slm-router (schema {version}, this one"
        f" knows {known}). Upgrade slm-router, or set SLM_ROUTER_STATE_DIR to another directory."
    )
