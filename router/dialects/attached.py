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

_MEDIA = re.compile(r"[A-Za-z0-9+/=_-]*")
_MEDIA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w.=+-]+)*;base64,", re.ASCII)
_ENOUGH = 256
"""So many characters of base64, without so much as a space, are no text that anybody wrote."""

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
            if not _MEDIA_URL.match(value):
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
    if not isinstance(value, str):
        return False
    return bool(_MEDIA_URL.match(value)) or (
        len(value) >= _ENOUGH and _MEDIA.fullmatch(value, 0, _ENOUGH) is not None
    )
