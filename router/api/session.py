"""Which requests belong together, without knowing whose they are."""

import hashlib

from starlette.requests import Request

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
    key = runtime_of(request).session_key
    return hashlib.blake2b(named.encode(), digest_size=8, key=key).hexdigest()
