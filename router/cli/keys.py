"""`slm-router keys`: create, list and revoke the API keys of those who may call the gateway.

A gateway that runs takes a change up within a second.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from router.core.access import ROLES, APIKey, Role
from router.errors import KeyStoreError
from router.keyring import FIXED_KEY, digest_of, new_secret
from router.settings import Settings
from router.stores.sqlite_keys import SQLiteKeyStore

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
UNKNOWN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `keys create`, `keys list` and `keys revoke`."""
    actions = parser.add_subparsers(dest="action", metavar="create | list | revoke", required=True)
    create = actions.add_parser("create", help="make a key; it is shown this once")
    create.add_argument("name", help="what the decision log calls its caller, such as my-app")
    create.add_argument(
        "--role",
        action="append",
        choices=ROLES,
        help="call: use the models (the default); metrics: read /metrics; admin: everything."
        " May be given several times",
    )
    listed = actions.add_parser("list", help="all keys by name, revoked ones too")
    listed.add_argument("--format", choices=("table", "jsonl"), default="table")
    revoke = actions.add_parser("revoke", help="put a key out of force, within a second")
    revoke.add_argument("name")


def run(arguments: argparse.Namespace) -> int:
    """Do it. Raises KeyStoreError."""
    store = SQLiteKeyStore(Settings().keys)
    try:
        if arguments.action == "create":
            _create(store, arguments.name, frozenset(arguments.role or ("call",)))
        elif arguments.action == "revoke":
            store.revoke(arguments.name, time.time())
            print(f"{arguments.name} is revoked.")
        else:
            _list(store, arguments.format)
    finally:
        store.close()
    return 0


def _create(store: SQLiteKeyStore, name: str, roles: frozenset[Role]) -> None:
    if not NAME.fullmatch(name) or name == FIXED_KEY:
        raise KeyStoreError(
            f"A key cannot be named {name!r}. Take letters, digits, dots, dashes and underscores,"
            f" 64 at most, and not {FIXED_KEY}."
        )
    secret = new_secret()
    store.add(APIKey(name, digest_of(secret.encode()), roles, time.time()))
    print(secret)
    _tell(f"This is the key of {name}, with the role {', '.join(sorted(roles))}. It is shown this")
    _tell("once: keep it where secrets are kept. Callers send it as Authorization: Bearer <key>.")


def _tell(line: str) -> None:
    """A word to the reader, apart from what `key=$(slm-router keys create my-app)` takes."""
    print(line, file=sys.stderr)


def _list(store: SQLiteKeyStore, form: str) -> None:
    keys = store.all()
    if form == "jsonl":
        for key in keys:
            print(json.dumps(_told(key)))
    elif not keys:
        _tell("There are no keys. Make one: slm-router keys create my-app")
    else:
        _print_table(keys)


def _told(key: APIKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "roles": sorted(key.roles),
        "created": _moment(key.created),
        "last_used": _moment(key.last_used),
        "revoked": _moment(key.revoked),
    }


def _print_table(keys: Sequence[APIKey]) -> None:
    head = ("NAME", "ROLES", "CREATED (UTC)", "LAST USED (UTC)", "STATE")
    lines = [head, *(_row(key) for key in keys)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _row(key: APIKey) -> tuple[str, ...]:
    state = "in force" if key.revoked is None else f"revoked {_moment(key.revoked)}"
    used = _moment(key.last_used) or UNKNOWN
    return (key.name, ",".join(sorted(key.roles)), _moment(key.created) or UNKNOWN, used, state)


def _moment(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
