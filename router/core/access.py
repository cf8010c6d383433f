"""Who asks and what it may do: roles, callers, and API keys as they are kept.

Rule: a key's secret is in none of these values, only its SHA-256.
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

Role = Literal["call", "metrics", "read", "admin"]
"""call: everything under /v1. metrics: /metrics and the detail of /readyz. read: the dashboard and
what it shows, under /api/v1; there it takes call to have models asked. admin: everything."""

ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request. `name` is its key's, None for one who came without a key."""

    name: str | None
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Whether it has a role; an admin has them all."""
        return role in self.roles or "admin" in self.roles


ANYONE = Caller(None, frozenset(ROLES))
"""Whoever reaches a gateway that asks for no key: it listens on this machine alone."""


@dataclass(frozen=True, slots=True)
class APIKey:
    """A key as it is kept. `digest` is the SHA-256 of its secret; times are Unix seconds.

    `revoked` is when it was put out of force; it stays in the list, so that its name in old rows
    of the decision log means one key for ever.
    """

    name: str
    digest: bytes = field(repr=False)
    roles: frozenset[Role]
    created: float
    last_used: float | None = None
    revoked: float | None = None

    @property
    def caller(self) -> Caller:
        """Who comes with this key."""
        return Caller(self.name, self.roles)
