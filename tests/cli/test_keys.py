"""slm-router keys: the secret is shown once, on its own; everything else is told by name."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

from router.cli import main
from router.keyring import Keyring, digest_of
from router.stores.sqlite_keys import SQLiteKeyStore

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def store(state: Path) -> SQLiteKeyStore:
    return SQLiteKeyStore(state / "keys.sqlite3")


def test_a_new_key_is_all_that_goes_to_standard_output(state: Path, capsys: Out) -> None:
    assert main(["keys", "create", "my-app"]) == 0

    told = capsys.readouterr()
    assert re.fullmatch(r"slm-[A-Za-z0-9]{43}\n", told.out)
    assert "once" in told.err and told.out.strip() not in told.err
    with closing(store(state)) as held:
        (key,) = held.all()
    assert (key.name, set(key.roles)) == ("my-app", {"call"})
    assert key.digest == digest_of(told.out.strip().encode())


def test_a_new_key_is_in_force_with_the_roles_asked_for(state: Path, capsys: Out) -> None:
    main(["keys", "create", "watch", "--role", "metrics", "--role", "call"])
    secret = capsys.readouterr().out.strip()

    ring = Keyring(store(state))
    ring.start()
    caller = ring.caller_of(secret.encode())
    ring.close()

    assert caller is not None and caller.roles == {"metrics", "call"}


def test_keys_are_listed_without_anything_of_their_secrets(state: Path, capsys: Out) -> None:
    main(["keys", "create", "one"])
    main(["keys", "create", "two", "--role", "admin"])
    secrets = capsys.readouterr().out.split()
    main(["keys", "revoke", "two"])
    capsys.readouterr()

    assert main(["keys", "list"]) == 0
    table = capsys.readouterr().out
    assert main(["keys", "list", "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert re.search(r"^one +call +.* in force$", table, re.MULTILINE)
    assert re.search(r"^two +admin +.* revoked ", table, re.MULTILINE)
    assert [(row["name"], row["roles"]) for row in rows] == [("one", ["call"]), ("two", ["admin"])]
    assert rows[0]["revoked"] is None and rows[1]["revoked"]
    for secret in secrets:
        assert secret[4:12] not in table + json.dumps(rows)


def test_without_any_key_the_list_says_how_to_make_one(state: Path, capsys: Out) -> None:
    assert main(["keys", "list"]) == 0

    assert "slm-router keys create" in capsys.readouterr().err
    assert not (state / "keys.sqlite3").exists()


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "../x", "a" * 65, "-x", "na\u00efve", "environment", "a\nb", "'; --"]
)
def test_a_name_that_would_not_fit_into_the_log_is_refused(
    state: Path, capsys: Out, name: str
) -> None:
    assert main(["keys", "create", "--", name]) == 1

    told = capsys.readouterr()
    assert (told.out, told.err.startswith("slm-router: A key cannot be named")) == ("", True)


def test_what_is_wrong_is_told_with_the_next_step_and_no_traceback(
    state: Path, capsys: Out
) -> None:
    main(["keys", "create", "app"])
    capsys.readouterr()

    assert main(["keys", "create", "app"]) == 1
    assert "another name" in capsys.readouterr().err
    assert main(["keys", "revoke", "nobody"]) == 1
    assert "keys list" in capsys.readouterr().err


def test_a_revoked_key_says_so(state: Path, capsys: Out) -> None:
    main(["keys", "create", "app"])

    assert main(["keys", "revoke", "app"]) == 0
    assert "app is revoked" in capsys.readouterr().out
    assert main(["keys", "revoke", "app"]) == 1
