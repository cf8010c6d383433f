"""Keys are known by all of them, at the cost of one hash, and are dead within a second."""

import hmac
import inspect
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from router import keyring
from router.core.access import Caller
from router.errors import KeyStoreError, StartupError
from router.keyring import PREFIX, Keyring, check_secret, digest_of, new_secret
from router.stores.sqlite_keys import SQLiteKeyStore
from tests.fakes.keys import CALL, MemoryKeyStore, a_key, a_keyring

SOON_S = 1.0
"""What is promised for a revoked key."""


def eventually(holds: Callable[[], bool], within_s: float = SOON_S) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_secret_has_256_random_bits_and_a_form_that_scanners_find() -> None:
    secrets = {new_secret() for _ in range(1000)}

    assert len(secrets) == 1000
    assert all(re.fullmatch(r"slm-[A-Za-z0-9]{43}", secret) for secret in secrets)
    assert 62**43 >= 2**256


def test_the_random_part_uses_every_character_about_equally_often() -> None:
    drawn = "".join(new_secret().removeprefix(PREFIX) for _ in range(2000))
    counts = [drawn.count(character) for character in set(drawn)]

    assert len(counts) == 62
    assert min(counts) > 0.8 * len(drawn) / 62


def test_a_key_in_force_is_its_caller() -> None:
    assert a_keyring(app=CALL).caller_of(b"secret-app") == Caller("app", CALL)
    assert a_keyring(app=CALL).caller_of(b"secret-app ") is None
    assert a_keyring().caller_of(b"") is None


def test_keys_that_begin_alike_are_told_apart() -> None:
    alike = b"slm-" + b"a" * 56
    ring = Keyring(fixed=[a_key("one", alike + b"1"), a_key("two", alike + b"2")])

    assert [getattr(ring.caller_of(alike + end), "name", None) for end in (b"1", b"2")] == [
        "one",
        "two",
    ]
    for stranger in (alike, alike + b"3", alike + b"12", alike[:20]):
        assert ring.caller_of(stranger) is None


def test_keys_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def noted(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", noted)

    assert a_keyring(app=CALL).caller_of(b"secret-app") is not None
    assert compared == [(digest_of(b"secret-app"),) * 2]
    assert "digest ==" not in inspect.getsource(keyring)


def test_a_revoked_key_is_dead_within_a_second_in_every_process(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite3"
    command = SQLiteKeyStore(path)
    command.add(a_key("app"))
    # Each with the file open on its own, as processes have it.
    rings = [Keyring(SQLiteKeyStore(path)) for _ in range(3)]
    for ring in rings:
        ring.start()
        assert ring.caller_of(b"secret-app") is not None

    command.revoke("app", time.time())

    assert eventually(lambda: not any(ring.caller_of(b"secret-app") for ring in rings))
    for ring in rings:
        ring.close()


def test_a_new_key_is_taken_up_too() -> None:
    store = MemoryKeyStore()
    ring = Keyring(store)
    ring.start()
    assert ring.is_empty

    store.add(a_key("late"))

    assert eventually(lambda: ring.caller_of(b"secret-late") is not None)
    ring.close()


def test_nothing_is_read_while_nothing_changes() -> None:
    store = MemoryKeyStore(a_key())
    ring = Keyring(store, look_s=0.005)
    ring.start()
    for _ in range(1000):
        ring.caller_of(b"secret-app")
    time.sleep(0.05)

    assert store.reads == 1
    ring.close()


def test_a_store_that_fails_lets_nobody_in_until_it_can_be_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryKeyStore(a_key("kept"))
    ring = Keyring(store, [a_key("fixed")], look_s=0.005)
    ring.start()

    store.fault = KeyStoreError("The disk is gone.")
    assert eventually(lambda: ring.caller_of(b"secret-kept") is None)
    assert ring.caller_of(b"secret-fixed") is not None
    time.sleep(0.05)
    store.fault = None

    assert eventually(lambda: ring.caller_of(b"secret-kept") is not None)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "nobody is let in by a key until the keys can be read: The disk is gone."
    ]
    ring.close()


def test_a_store_that_cannot_be_read_at_the_start_is_told() -> None:
    store = MemoryKeyStore()
    store.fault = KeyStoreError("The disk is gone.")

    with pytest.raises(KeyStoreError):
        Keyring(store).start()


def test_the_last_use_of_a_key_is_noted_at_the_end() -> None:
    store = MemoryKeyStore(a_key("app"), a_key("idle"))
    ring = Keyring(store)
    ring.start()
    before = time.time()
    ring.caller_of(b"secret-app")

    ring.close()

    used = {key.name: key.last_used for key in store.all()}
    assert used["idle"] is None
    assert before <= (used["app"] or 0) <= time.time()


def test_nothing_that_is_shown_of_a_ring_or_a_key_holds_a_digest() -> None:
    ring, key = a_keyring(app=CALL), a_key()

    for shown in (repr(ring), str(ring), repr(key), str(key)):
        assert key.digest.hex() not in shown
        assert repr(key.digest) not in shown


@pytest.mark.parametrize(
    "secret",
    [
        "sk-1234",
        "sk-12345678901234567890123456789012",
        "changeme",
        "a" * 64,
        "correct horse battery",
        "my-password-is-long-enough-for-32-characters",
        "",
    ],
)
def test_a_key_that_somebody_could_know_is_refused_with_the_fix(secret: str) -> None:
    with pytest.raises(StartupError, match="slm-router keys create") as refused:
        check_secret(secret)
    assert not secret or secret not in str(refused.value)


def test_a_random_key_of_the_operators_own_is_taken() -> None:
    check_secret(new_secret())
    check_secret("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
