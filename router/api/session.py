"""Which requests belong together, without knowing whose they are or what they say.

Rule: what leaves this file is a keyed hash (BLAKE2b, RFC 7693), which nobody without this
installation's key can guess back: a user may be an e-mail address.
"""

import hashlib
from functools import lru_cache
from typing import Protocol

from msgspec.structs import replace
from starlette.requests import Request

from router.api.access import key_name_of
from router.api.state import runtime_of
from router.core.request import RoutedRequest, Turn

START_CHARACTERS = 2_000
"""Of each of the first turns: enough to tell conversations apart, and bounded."""


_VOLATILE = "x-anthropic-"
"""Begins a line that Claude Code puts before its instructions, and writes anew each time."""


class Naming(Protocol):
    """What a body says of who asks, in the caller's own words."""

    @property
    def user(self) -> str | None:
        """Whom the caller speaks for."""
        ...

    @property
    def session(self) -> str | None:
        """What the caller calls the conversation."""
        ...


def in_session(facts: RoutedRequest, request: Request, body: Naming, header: str) -> RoutedRequest:
    """The facts with their session, and with their conversation within it, by pseudonyms.

    A session is what the `header` names, or the body; else the user; else the conversation. A
    conversation is a session's first user turn, with what stands before it where no session is
    named: one session may hold several, such as an agent's and those of its helpers.
    """
    named = header or body.session
    name = named or body.user
    # What two callers happen to call the same are two sessions: none shall steer the other's.
    told = _part(key_name_of(request) or "") + _part(name or "")
    key = runtime_of(request).session_key
    session = _pseudonym(told, key) if name else None
    conversation = None
    if facts.state is not None:
        owner = key_name_of(request) or ""
        facts = replace(facts, state=replace(facts.state, owner=owner))
        conversation = session if named else None
    elif not facts.separate:
        conversation = _pseudonym(told + _beginning(facts.turns, everything=not named), key)
    return replace(facts, session=session or conversation, conversation=conversation)


def _beginning(turns: tuple[Turn, ...], everything: bool) -> str:
    told = ""
    for turn in turns:
        is_first = turn.role == "user"
        if is_first or everything:
            text = turn.text
            if text.startswith(_VOLATILE):
                text = text.partition("\n")[2]
            # With its length: what is cut off may be all that differs.
            told += _part(f"{turn.role} {len(text)} {turn.images} {text[:START_CHARACTERS]}")
        if is_first:
            break
    return told


def _part(text: str) -> str:
    # The length in front, so that no two lists of parts are told alike.
    return f"{len(text)}:{text}"


def _pseudonym(told: str, key: bytes) -> str:
    hashing = _keyed(key).copy()
    hashing.update(told.encode("utf-8", "replace"))
    return hashing.hexdigest()


@lru_cache(maxsize=4)
def _keyed(key: bytes) -> hashlib.blake2b:
    """Where every pseudonym begins: the key is taken in once."""
    return hashlib.blake2b(digest_size=8, key=key)
