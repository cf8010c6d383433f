"""The key of the sessions' pseudonyms: made once, kept in the state directory, ours alone.

It outlives the process, so that a session is the same one after a restart and for every worker.
"""

import os
from pathlib import Path
from secrets import token_bytes

from router.errors import StartupError

FILE = "session.key"
BYTES = 32


def session_key(state_dir: Path) -> bytes:
    """The installation's key. Raises StartupError if it can neither be read nor made."""
    path = state_dir / FILE
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            # Exclusive: of several workers that start at once, one makes it and the others read.
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
        else:
            key = token_bytes(BYTES)
            with os.fdopen(made, "wb") as file:
                file.write(key)
    except OSError as error:
        raise StartupError(f"Cannot use {path}: {error.strerror}. Mend its rights.") from None
    if len(key) != BYTES:
        raise StartupError(f"{path} is not {BYTES} bytes long. Remove it; a new one is made.")
    return key
