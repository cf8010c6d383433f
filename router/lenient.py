"""What is no JSON to a strict reader, and is read all the same by what clients are written in.

Half of a surrogate pair is what is left of an emoji that a text was cut in: JavaScript and Python
write it as an escape, and no reader that makes UTF-8 of it can take it. NaN and infinities are
written by Python. Only bytes that a strict reader refused come here, so nothing else pays.
"""

import json
import re
from typing import Any, TypeVar

import msgspec

_T = TypeVar("_T")

_HALF = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|[c-fC-F][0-9a-fA-F]{2})"
)
"""What looks like the escape of a surrogate, with the low half behind a high one. It begins with
what is searched for fast: a long body without any must not hold up the event loop."""

MOST_ESCAPES = 100_000
"""Of surrogates that are looked at, in some 0.1 s; a body of more is refused as it was."""

_NONE = rb"\ufffd"
_BACKSLASH = ord("\\")


def mended(content: bytes) -> bytes:
    """JSON with U+FFFD in the place of every half of a pair, as WHATWG's encoders have it
    (Web IDL, USVString); of the same length, and the same bytes where there is none."""
    return _HALF.sub(_whole, content, MOST_ESCAPES)


def _whole(found: re.Match[bytes]) -> bytes:
    start = end = found.start()
    while start and found.string[start - 1] == _BACKSLASH:
        start -= 1
    if (end - start) % 2:
        # The backslash is itself escaped: this is text, and what is behind it stands alone.
        return found[0][: len(_NONE)] + _NONE if found[1] else found[0]
    return found[0] if found[1] else _NONE


def decoded(decoder: msgspec.json.Decoder[_T], content: bytes) -> _T:
    """What a decoder reads, with U+FFFD for halves of pairs. Raises what the decoder raises."""
    try:
        return decoder.decode(content)
    except msgspec.MsgspecError:
        return decoder.decode(mended(content))


def read(content: bytes) -> Any:
    """A value as Python's own reader has it. Raises ValueError, and RecursionError for one that
    is nested beyond all reason."""
    if not content.rstrip().endswith((b"}", b"]")):
        # Broken off: not worth the time that a long one takes.
        raise ValueError
    return json.loads(mended(content))
