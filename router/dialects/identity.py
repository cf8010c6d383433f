"""What a body says of who asks and of which conversation it belongs to, in the caller's own words.

Rule: nothing here is checked, for nothing of it is ours: what is no text says nothing.
"""

from collections.abc import Mapping
from typing import Any

from router.dialects.fields import ANY, Fields

USER = ("user", "safety_identifier", "metadata.user_id")
SESSION = (
    "session_id",
    "conversation",
    "metadata.session_id",
    "metadata.conversation_id",
    "prompt_cache_key",
)
"""Fields that name a conversation; the first that is there counts."""

_USER_FIELDS = frozenset(name.partition(".")[0] for name in USER)
_SESSION_FIELDS = frozenset(name.partition(".")[0] for name in SESSION)


class Identified:
    """A body that tells so: what else is read of it is its own business."""

    _fields: Fields

    @property
    def user(self) -> str | None:
        """Whom the caller speaks for."""
        return _first(self._fields, USER) if self._fields.names_any(_USER_FIELDS) else None

    @property
    def session(self) -> str | None:
        """What the caller calls the conversation."""
        return _first(self._fields, SESSION) if self._fields.names_any(_SESSION_FIELDS) else None

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the caller noted beside the request: the field `metadata`, empty where it is absent
        or no object."""
        told = self._fields.get("metadata", ANY)
        return told if isinstance(told, Mapping) else {}


def _first(fields: Fields, names: tuple[str, ...]) -> str | None:
    for name in names:
        outer, _, inner = name.partition(".")
        if outer in fields:
            told = _told(fields.get(outer, ANY), inner)
            if isinstance(told, str) and told:
                return told
    return None


def _told(value: Any, inner: str) -> Any:
    if isinstance(value, Mapping):
        # OpenAI's `conversation` may be an object with its id.
        return value.get(inner or "id")
    return None if inner else value
