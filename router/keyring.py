"""Keyring: the API keys in force, in memory: how a secret is made, and how it is known again.

Rule: a request costs one SHA-256 and one look-up, never a read of the store. A thread of its own
looks at the store, so that a key that was revoked is dead at once, however busy the event loop.

SHA-256 without salt or stretching is right for these: a secret has 256 random bits, so there is
nothing to guess and no table to make. It would be wrong for passwords.
"""

import hmac
import logging
import secrets
import string
import threading
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from router.core.access import APIKey, Caller, Role
from router.errors import KeyStoreError, StartupError
from router.ports import KeyStore

logger = logging.getLogger(__name__)

PREFIX = "slm-"
"""By which a secret scanner knows our keys; then 43 letters and digits: 256 bits and a little."""

_CHARACTERS = string.ascii_letters + string.digits
_RANDOM = 43

LOOK_S = 0.25
"""How often the store is looked at: a revoked key is dead within a second, with room to spare."""

USED_S = 30.0
"""How often it is noted in the store when keys were last used."""

FIXED_KEY = "environment"
"""The name of the key that stands in SLM_ROUTER_API_KEY; no other key may have it."""

FIXED_ROLES: frozenset[Role] = frozenset({"call", "metrics"})

LEAST_LENGTH = 32
LEAST_VARIETY = 10
_KNOWN = ("sk-1234", "changeme", "change-me", "password", "secret", "example", "your-api-key")


class _Found(NamedTuple):
    digest: bytes
    caller: Caller
    name: str


def new_secret() -> str:
    """A new key: `slm-` and 43 random letters and digits."""
    return PREFIX + "".join(secrets.choice(_CHARACTERS) for _ in range(_RANDOM))


def digest_of(secret: bytes) -> bytes:
    """What is kept of a key, and what it is found by: the SHA-256 of all of it."""
    return sha256(secret).digest()


def check_secret(secret: str) -> None:
    """Raises StartupError for a key that somebody could know or guess."""
    told = "SLM_ROUTER_API_KEY is refused: it {}. Make one: slm-router keys create my-app"
    if any(known in secret.lower() for known in _KNOWN):
        raise StartupError(told.format("is, or holds, a key that stands in examples"))
    if len(secret) < LEAST_LENGTH or len(set(secret)) < LEAST_VARIETY:
        raise StartupError(told.format(f"can be guessed: {LEAST_LENGTH} random characters can not"))


class Keyring:
    """The keys in force: those of `store`, and `fixed` ones that hold as long as the process.

    Where the store cannot be read its keys are out of force until it can: nobody could revoke one.
    """

    def __init__(
        self, store: KeyStore | None = None, fixed: Sequence[APIKey] = (), look_s: float = LOOK_S
    ) -> None:
        self._store = store
        self._look_s = look_s
        self._fixed = {key.digest: _found(key) for key in fixed}
        self._found: Mapping[bytes, _Found] = self._fixed
        self._used: dict[str, float] = {}
        self._noted = time.monotonic()
        self._failed = False
        self._ending = threading.Event()
        # A daemon: a store that hangs must not hold up the end of the process.
        self._looking = threading.Thread(target=self._run, name="keyring", daemon=True)

    def caller_of(self, secret: bytes) -> Caller | None:
        """Who comes with this key; None if no key in force is it."""
        digest = digest_of(secret)
        found = self._found.get(digest)
        if found is None or not hmac.compare_digest(found.digest, digest):
            return None
        self._used[found.name] = time.time()
        return found.caller

    def key_named(self, name: str) -> tuple[bytes, Caller] | None:
        """The digest of the key in force of this name, and who comes with it; None without."""
        for found in self._found.values():
            if found.name == name:
                return found.digest, found.caller
        return None

    @property
    def is_empty(self) -> bool:
        """Whether no key is in force."""
        return not self._found

    def start(self) -> None:
        """Read the store, then go on looking at it. Raises KeyStoreError if it cannot be read."""
        if self._store is not None:
            self._found = self._read(self._store)
            self._looking.start()

    def close(self) -> None:
        """Note what keys were used, and let go of the store."""
        self._ending.set()
        if self._looking.is_alive():
            self._looking.join(self._look_s + 2.0)

    def _run(self) -> None:
        assert self._store is not None
        while not self._ending.wait(self._look_s):
            self._look(self._store)
        self._note(self._store)
        self._store.close()

    def _look(self, store: KeyStore) -> None:
        try:
            if self._failed or store.changed():
                self._found = self._read(store)
            self._failed = False
        except KeyStoreError as error:
            if not self._failed:
                logger.error("nobody is let in by a key until the keys can be read: %s", error)
            self._failed, self._found = True, self._fixed
        if time.monotonic() - self._noted >= USED_S:
            self._note(store)

    def _read(self, store: KeyStore) -> Mapping[bytes, _Found]:
        in_force = (key for key in store.all() if key.revoked is None)
        return {key.digest: _found(key) for key in in_force} | self._fixed

    def _note(self, store: KeyStore) -> None:
        used, self._used = self._used, {}
        self._noted = time.monotonic()
        try:
            if used:
                store.used(used)
        except KeyStoreError as error:
            logger.warning("when keys were last used is not noted: %s", error)


def _found(key: APIKey) -> _Found:
    return _Found(key.digest, key.caller, key.name)
