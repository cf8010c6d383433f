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

_HALVES = re.compile(
    rb"(?<!\\)((?:\\\\)*)"
    rb"(?:(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""An escape of a surrogate, with its other half where it has one, behind escaped backslashes."""


def mended(content: bytes) -> bytes:
    """JSON with U+FFFD in the place of every half of a pair, as WHATWG's encoders have it
    (Web IDL, USVString); of the same length, and the same bytes where there is none."""
    return _HALVES.sub(lambda it: it[0] if it[2] else it[1] + rb"\ufffd", content)


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
