"""What every key store does, whatever it is kept in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from router.core.access import APIKey
from router.errors import KeyStoreError
from router.ports import KeyStore
from router.stores.sqlite_keys import SQLiteKeyStore
from tests.fakes.keys import MemoryKeyStore, a_key

STORES: dict[str, Callable[[Path], KeyStore]] = {
    "memory": lambda folder: MemoryKeyStore(),
    "sqlite": lambda folder: SQLiteKeyStore(folder / "new" / "keys.sqlite3"),
}
HOSTILE = "x' OR '1'='1'; DROP TABLE api_keys; --\x00\u2028"


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyStore]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


def test_a_new_store_holds_no_key(store: KeyStore) -> None:
    assert list(store.all()) == []


def test_a_key_reads_back_as_it_was_added(store: KeyStore) -> None:
    key = a_key("app", roles=frozenset({"call", "metrics"}), created=1_700_000_000.5)

    store.add(key)

    assert list(store.all()) == [key]


def test_keys_come_oldest_first(store: KeyStore) -> None:
    for name, created in (("b", 3.0), ("a", 2.0), ("c", 1.0)):
        store.add(a_key(name, created=created))

    assert [key.name for key in store.all()] == ["c", "a", "b"]


def test_a_name_stands_for_one_key_for_ever(store: KeyStore) -> None:
    store.add(a_key("app", b"one"))
    with pytest.raises(KeyStoreError, match="another name"):
        store.add(a_key("app", b"two"))
    store.revoke("app", 5.0)
    with pytest.raises(KeyStoreError, match="another name"):
        store.add(a_key("app", b"three"))

    assert [key.digest for key in store.all()] == [a_key("app", b"one").digest]


def test_a_revoked_key_stays_in_the_list(store: KeyStore) -> None:
    store.add(a_key("app"))
    store.add(a_key("other"))

    store.revoke("app", 5.0)

    assert {key.name: key.revoked for key in store.all()} == {"app": 5.0, "other": None}


@pytest.mark.parametrize("name", ["nobody", "gone", HOSTILE])
def test_what_is_not_in_force_cannot_be_revoked(store: KeyStore, name: str) -> None:
    store.add(a_key("gone"))
    store.revoke("gone", 5.0)

    with pytest.raises(KeyStoreError, match="keys list"):
        store.revoke(name, 6.0)

    assert [(key.name, key.revoked) for key in store.all()] == [("gone", 5.0)]


def test_the_last_use_is_noted_and_never_goes_back(store: KeyStore) -> None:
    store.add(a_key("app"))

    store.used({"app": 7.0, "nobody": 8.0, HOSTILE: 9.0})
    store.used({"app": 6.0})

    assert [(key.name, key.last_used) for key in store.all()] == [("app", 7.0)]


def test_a_use_before_there_is_any_key_is_no_fault(store: KeyStore) -> None:
    store.used({"app": 7.0})

    assert list(store.all()) == []


def test_a_hostile_name_is_a_name(store: KeyStore) -> None:
    key: APIKey = a_key(HOSTILE)

    store.add(key)

    assert list(store.all()) == [key]


def test_a_store_that_was_closed_can_be_asked_again(store: KeyStore) -> None:
    store.add(a_key("app"))
    store.all()
    store.close()
    store.close()

    assert [key.name for key in store.all()] == ["app"]
