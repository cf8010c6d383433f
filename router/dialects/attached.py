"""Everything that a body sends along with the conversation's own text.

Tool definitions and calls, schemas, names, metadata: a model reads them, so they count as tokens,
and private data may stand in them as well as in a message. Texts are as decoded: an address
written with escapes is an address all the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MEDIA_FIELDS = frozenset({"data", "file_data"})
"""Where OpenAI's content parts hold the bytes of sound and files, in base64."""

_URL = re.compile(r"\s{0,8}+data:[^,]{0,256};\s{0,8}+base64,", re.IGNORECASE)
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=%"
"""Of both alphabets (RFC 4648), padded and percent-encoded."""

_ENOUGH = 256
"""So many characters of base64 outside a URL are no word that anybody wrote."""

_LINE = 60
"""Shorter lines has no encoder, and no prose so long a one without a space."""

_SAID = frozenset({"role", "content"})
_PART_SAID = frozenset({"type", "text"})


def attached_to(messages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The texts of messages beside what is said in them: calls, names, refusals, addresses."""
    for message in messages:
        content = message.get("content")
        if len(message) > len(_SAID) or "content" not in message:
            yield from texts(value for key, value in message.items() if key not in _SAID)
        if isinstance(content, list):
            for part in content:
                yield from texts(v for key, v in part.items() if key not in _PART_SAID)


def texts(values: Iterable[Any]) -> Iterator[str]:
    """Every text inside JSON values, keys of objects too; media in base64 is passed over."""
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if not _is_media_url(value):
                yield value
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, Mapping):
            yield from value
            waiting += (
                inner
                for key, inner in value.items()
                if key not in MEDIA_FIELDS or not _is_media(inner)
            )


def _is_media(value: Any) -> bool:
    """Whether a field that may hold media does. Elsewhere the same name may stand for anything."""
    return isinstance(value, str) and len(value) >= _ENOUGH and _is_base64(value)


def _is_media_url(text: str) -> bool:
    head = _URL.match(text, 0, _ENOUGH * 2)
    return head is not None and _is_base64(text[head.end() :])


def _is_base64(text: str) -> bool:
    """Whether a text is base64 from end to end, in lines maybe."""
    if not text.isascii():
        return False
    beside = text.encode().translate(None, _BASE64)
    # Two characters may end a line, and one line may be short.
    return not beside.strip(b"\r\n") and (len(beside) - 2) * _LINE <= len(text) * 2
