"""hidden: our key and an upstream's address, blotted out of what the upstream says.

Some servers quote the key that they refuse, and their own address, in the texts of their errors.
Pure; secrets are bytes without a line feed.
"""

from collections.abc import Sequence

BLOT = b"***"
_ERROR = b'"error"'


def blotted(text: bytes, secrets: Sequence[bytes]) -> bytes:
    """A whole text without the secrets, as they are or as JSON may write them."""
    for secret in secrets:
        text = text.replace(secret, BLOT)
        if b"/" in secret:
            text = text.replace(secret.replace(b"/", b"\\/"), BLOT)
    return text


class Blotter:
    """The same for a stream of events, in pieces across whose edges a secret may lie.

    `key` is blotted out everywhere, `address` from where an error is told: before that a model may
    speak of it.
    """

    def __init__(self, key: bytes | None, address: bytes) -> None:
        self._secrets = [] if key is None else [key]
        self._address = address
        self._watched = [*self._secrets, _ERROR]
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """What of it can go on: all but an end with which a secret may begin."""
        text = self._held + piece if self._held else piece
        if self._address not in self._watched and _ERROR in text:
            self._secrets = self._watched = [*self._secrets, self._address]
        text = blotted(text, self._secrets)
        # Nearly every piece ends with an event, and no secret holds a line feed.
        kept = 0 if text.endswith(b"\n") else max(_begun(text, it) for it in self._watched)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept]

    def rest(self) -> bytes:
        """What was held back to the end."""
        return self._held


def _begun(text: bytes, secret: bytes) -> int:
    """How many bytes at the end of a text may be the beginning of a secret."""
    most = min(len(secret) - 1, len(text))
    return next((n for n in range(most, 0, -1) if text.endswith(secret[:n])), 0)
