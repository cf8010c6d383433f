"""Which requests belong together, without knowing whose they are."""

import hashlib

from starlette.requests import Request

from router.api.access import key_name_of
from router.api.freedom import SESSION
from router.api.state import runtime_of


def session_of(request: Request, user: str | None) -> str | None:
    """A pseudonym for the session that a request names by header, or for its user; None for none.

    The decision log keeps no personal data, and a user may be an e-mail address: what is kept is
    a keyed hash (BLAKE2b, RFC 7693), which nobody without this process's key can guess back.
    """
    named = request.headers.get(SESSION) or user
    if not named:
        return None
    # What two callers happen to call the same are two sessions: none shall steer the other's.
    whose = key_name_of(request)
    key = runtime_of(request).session_key
    told = f"{whose}\n{named}" if whose else named
    return hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=8, key=key).hexdigest()
