"""Which requests belong together, without knowing whose they are or what they say.

Rule: what leaves this file is a keyed hash (BLAKE2b, RFC 7693), which nobody without this
installation's key can guess back: a user may be an e-mail address.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Protocol

from msgspec.structs import replace
from starlette.requests import Request

from router.api.access import key_name_of
from router.api.freedom import SESSION
from router.api.state import runtime_of
from router.core.request import RoutedRequest, Turn

START_CHARACTERS = 2_000
"""Of each of the first turns: enough to tell conversations apart, and bounded."""


_VOLATILE = re.compile(r"x-anthropic-[^\n]*\n?")
"""A line that Claude Code puts before its instructions, and writes anew for every request."""


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


def in_session(facts: RoutedRequest, request: Request, body: Naming) -> RoutedRequest:
    """The facts with their session, and with their conversation within it, by pseudonyms.

    A session is what the header names, or the body; else the user; else the conversation. A
    conversation is a session's first user turn, with what stands before it where no session is
    named: one session may hold several, such as an agent's and those of its helpers.
    """
    named = request.headers.get(SESSION) or body.session
    user = None if named else body.user
    # What two callers happen to call the same are two sessions: none shall steer the other's.
    told = [key_name_of(request) or "", named or user or ""]
    key = runtime_of(request).session_key
    session = _pseudonym(told, key) if named or user else None
    conversation = None
    if facts.state_kept:
        conversation = session if named else None
    elif not facts.separate:
        beginning = _beginning(facts.turns, everything=not named)
        conversation = _pseudonym([*told, *beginning], key)
    return replace(facts, session=session or conversation, conversation=conversation)


def _beginning(turns: tuple[Turn, ...], everything: bool) -> Iterator[str]:
    for turn in turns:
        is_first = turn.role == "user"
        if is_first or everything:
            line = _VOLATILE.match(turn.text)
            text = turn.text if line is None else turn.text[line.end() :]
            # With its length: what is cut off may be all that differs.
            yield f"{turn.role} {len(text)} {turn.images} {text[:START_CHARACTERS]}"
        if is_first:
            return


def _pseudonym(told: list[str], key: bytes) -> str:
    # Lengths in front, so that no two lists are told alike.
    text = "".join(f"{len(part)}:{part}" for part in told)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8, key=key).hexdigest()
