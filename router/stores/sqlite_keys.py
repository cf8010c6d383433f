"""SQLiteKeyStore: API keys in a SQLite file of the state directory, its owner's alone.

Rule: the file holds the SHA-256 of each secret and never a secret; statements take their values
as parameters, whatever these are.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from router.core.access import ROLES, APIKey
from router.errors import KeyStoreError
from router.stores.sqlite_schema import make_for_owner

BUSY_S = 2.0

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS api_keys (
        name TEXT PRIMARY KEY NOT NULL,
        digest BLOB UNIQUE NOT NULL CHECK (length(digest) = 32),
        roles TEXT NOT NULL,
        created REAL NOT NULL,
        last_used REAL,
        revoked REAL
    )
"""
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'api_keys'"
_SELECT = (
    "SELECT name, digest, roles, created, last_used, revoked FROM api_keys ORDER BY created, name"
)


class SQLiteKeyStore:
    """The keys in `path`. A file that is not there holds none, and is made by the first `add`.

    To be used by one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._version = -1

    def add(self, key: APIKey) -> None:
        """Keep a new key. Raises KeyStoreError if its name is taken, also by a revoked one."""
        row = (key.name, key.digest, " ".join(sorted(key.roles)), key.created)
        try:
            with self._writing() as connection:
                connection.execute(
                    "INSERT INTO api_keys (name, digest, roles, created) VALUES (?, ?, ?, ?)", row
                )
        except sqlite3.IntegrityError:
            raise KeyStoreError(
                f"There is or was a key named {key.name!r}. Choose another name, so that each"
                " stands for one key in the decision log."
            ) from None

    def revoke(self, name: str, at: float) -> None:
        """Put a key out of force. Raises KeyStoreError if there is none of that name in force."""
        with self._writing() as connection:
            done = connection.execute(
                "UPDATE api_keys SET revoked = ? WHERE name = ? AND revoked IS NULL", (at, name)
            )
            if not done.rowcount:
                raise KeyStoreError(
                    f"No key named {name!r} is in force. `slm-router keys list` shows them all."
                )

    def used(self, at: Mapping[str, float]) -> None:
        """Note when keys were last used; names that are not there count for nothing."""
        if self._identity() is None:
            return
        with self._writing() as connection:
            connection.executemany(
                "UPDATE api_keys SET last_used = max(coalesce(last_used, 0), ?) WHERE name = ?",
                [(moment, name) for name, moment in at.items()],
            )

    def all(self) -> Sequence[APIKey]:
        """All keys, oldest first, revoked ones too. Raises KeyStoreError."""
        with self._faults("read"):
            connection = self._open()
            if connection is None:
                return ()
            # First, so that what is written meanwhile is seen as a change.
            self._version = _version(connection)
            if not connection.execute(_HAS_TABLE).fetchone():
                return ()
            rows = connection.execute(_SELECT).fetchall()
        return [
            APIKey(name, digest, frozenset(r for r in ROLES if r in roles.split()), *times)
            for name, digest, roles, *times in rows
        ]

    def changed(self) -> bool:
        """Whether the file is another, or was written, since `all` read it. Costs no reading."""
        with self._faults("read"):
            if self._identity() != self._file:
                return True
            return self._reading is not None and _version(self._reading) != self._version

    def close(self) -> None:
        """Let go of the file."""
        if self._reading is not None:
            self._reading.close()
        self._reading = self._file = None

    def _open(self) -> sqlite3.Connection | None:
        """The connection that reads the file as it is now; None where there is none."""
        now = self._identity()
        if now != self._file:
            self.close()
        if now is not None and self._reading is None:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            self._reading = sqlite3.connect(
                uri, timeout=BUSY_S, uri=True, check_same_thread=False, isolation_level=None
            )
            self._file = now
        return self._reading

    def _identity(self) -> tuple[int, int] | None:
        with suppress(FileNotFoundError):
            stat = self._path.stat()
            return (stat.st_dev, stat.st_ino)
        return None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._faults("written"):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_for_owner(self._path)
            os.chmod(self._path, 0o600)
            with closing(sqlite3.connect(self._path, timeout=BUSY_S)) as connection, connection:
                connection.execute(_SCHEMA)
                yield connection

    @contextmanager
    def _faults(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except (OSError, sqlite3.Error) as error:
            raise KeyStoreError(f"The keys in {self._path} cannot be {what}: {error}.") from error


def _version(connection: sqlite3.Connection) -> int:
    """SQLite's own count of what others have written."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
