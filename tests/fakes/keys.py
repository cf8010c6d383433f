"""API keys for tests, and a store of them in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.core.access import APIKey, Role
from router.errors import KeyStoreError
from router.keyring import Keyring, digest_of

CALL: frozenset[Role] = frozenset({"call"})


def a_key(name: str = "app", secret: bytes | None = None, **fields: Any) -> APIKey:
    """A key whose secret is `secret-<name>`, or the one given."""
    digest = digest_of(f"secret-{name}".encode() if secret is None else secret)
    given: dict[str, Any] = {"roles": CALL, "created": 1.0, **fields}
    return APIKey(name, digest, **given)


def a_keyring(**roles: frozenset[Role]) -> Keyring:
    """Keys in force by name: the secret of each is `secret-<name>`."""
    return Keyring(fixed=[a_key(name, roles=of) for name, of in roles.items()])


class MemoryKeyStore:
    """Satisfies router.ports.KeyStore. `fault` is raised by whatever is asked next, until reset."""

    def __init__(self, *keys: APIKey) -> None:
        self._keys = {key.name: key for key in keys}
        self._version = self._read = 0
        self.fault: KeyStoreError | None = None
        self.reads = 0

    def add(self, key: APIKey) -> None:
        if key.name in self._keys:
            raise KeyStoreError("Choose another name.")
        self._write(key)

    def revoke(self, name: str, at: float) -> None:
        key = self._keys.get(name)
        if key is None or key.revoked is not None:
            raise KeyStoreError("No such key: keys list")
        self._write(replace(key, revoked=at))

    def used(self, at: Mapping[str, float]) -> None:
        self._check()
        for name, moment in at.items():
            if name in self._keys:
                key = self._keys[name]
                self._write(replace(key, last_used=max(key.last_used or 0, moment)))

    def all(self) -> Sequence[APIKey]:
        self._check()
        self.reads += 1
        self._read = self._version
        return sorted(self._keys.values(), key=lambda key: (key.created, key.name))

    def changed(self) -> bool:
        self._check()
        return self._read != self._version

    def close(self) -> None:
        pass

    def _write(self, key: APIKey) -> None:
        self._keys[key.name] = key
        self._version += 1

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault
