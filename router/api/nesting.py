"""How deep a body's JSON is nested, without reading it: readers further on recurse.

Rule: the time is linear in the body, whatever stands in it.
"""

import re

import numpy as np

from router.errors import InvalidRequest

MOST = 64
_BEGINNING = 4096

# Possessive, and content without an end counts as a string too: nothing is ever tried twice.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_STEP = np.zeros(256, np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
_STEPS = _STEP.tobytes()
_NOT_BRACKETS = bytes(byte for byte in range(256) if not _STEP[byte])


def within_depth(content: bytes, most: int = MOST) -> bytes:
    """The content. Raises InvalidRequest if it is nested deeper than `most` levels."""
    if content.count(b"[") + content.count(b"{") <= most:
        return content
    # What is made to be deep is so from its beginning on.
    if _depth(content[:_BEGINNING]) > most or _depth(content) > most:
        raise InvalidRequest(f"The body is nested deeper than {most} levels.")
    return content


def _depth(content: bytes) -> int:
    brackets = _STRING.sub(b"", content).translate(_STEPS, _NOT_BRACKETS)
    if not brackets:
        return 0
    return int(np.frombuffer(brackets, np.int8).cumsum(dtype=np.int64).max())
