"""Fields: the top level of a JSON body, its values left as the bytes that the caller wrote.

Rule: only what is read is decoded. What is written anew stands in the place of the old value, and
every other byte stays as it was, so that what was decided on is what is sent. The exceptions are
a body that names a field twice (readers disagree on which counts, so it is written with one), and
half of a surrogate pair, which hardly any server can read: it becomes U+FFFD.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from router.answer import UNREADABLE
from router.errors import InvalidRequest
from router.lenient import mended

MAX_MODEL_NAME = 256
_T = TypeVar("_T")
_Kind = msgspec.json.Decoder[_T | None]

# Made once: to make a decoder costs fifty times what it costs to use it.
FLAG: _Kind[bool] = msgspec.json.Decoder(bool | None)
WHOLE: _Kind[int] = msgspec.json.Decoder(int | None)
TEXT: _Kind[str] = msgspec.json.Decoder(str | None)
LIST: _Kind[list[Any]] = msgspec.json.Decoder(list[Any] | None, float_hook=float)
OBJECT: _Kind[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any] | None, float_hook=float)
RAW_OBJECT: _Kind[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)
ANY: _Kind[Any] = msgspec.json.Decoder(float_hook=float)
"""What a field may hold beside null. Only texts and counts are read of it: that a number is beyond
all bounds is no fault."""

_STRICT: _Kind[Any] = msgspec.json.Decoder()
"""For what is translated: a number beyond all bounds could not be written again."""

_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_loose = msgspec.json.Decoder(float_hook=str)
"""For values that are only looked through for texts: a number beyond all bounds is no fault."""

_BEFORE = re.compile(rb"[ \t\n\r]*[{,][ \t\n\r]*")
_COLON = re.compile(rb"[ \t\n\r]*:[ \t\n\r]*")
_END = re.compile(rb"[ \t\n\r]*\}[ \t\n\r]*")
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""How gzip and Zstandard begin."""

_Span = tuple[int, int]

_SHORT_NAME = 64
"""By then the first name of nearly every body has ended."""


class Fields:
    """One body. Raises InvalidRequest if it is no JSON object in UTF-8."""

    def __init__(self, content: bytes) -> None:
        try:
            self._raw = _decoder.decode(content)
        except UNREADABLE:
            content = mended(content)
            self._raw = _decoded(content)
        self._content = content

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def names_any(self, names: Collection[str]) -> bool:
        """Whether any of these fields is there."""
        return not self._raw.keys().isdisjoint(names)

    def get(self, name: str, kind: _Kind[_T]) -> _T | None:
        """A field's value, None if it is absent or null. Raises InvalidRequest naming it."""
        raw = self._raw.get(name)
        if raw is None:
            return None
        try:
            return kind.decode(raw)
        except UnicodeDecodeError:
            raise InvalidRequest("Expected UTF-8.", name) from None
        except UNREADABLE as error:
            raise InvalidRequest(f"{error}.", name) from None

    def model(self, wanted: str = "Expected the name of a model, or auto.") -> str:
        """The model's name, which every body must have; `wanted` is said where there is none."""
        model = self.get("model", TEXT)
        if not model:
            raise InvalidRequest(wanted, "model")
        if len(model) > MAX_MODEL_NAME:
            raise InvalidRequest(f"Expected at most {MAX_MODEL_NAME} characters.", "model")
        return model

    def count(self, name: str) -> int | None:
        """A whole number of at least 1, None if absent."""
        value = self.get(name, WHOLE)
        if value is not None and value < 1:
            raise InvalidRequest(f"Expected a whole number of at least 1, got {value}.", name)
        return value

    def counts(self, names: Collection[str]) -> tuple[tuple[str, int], ...]:
        """Those of some whole numbers that are given, with their names."""
        found = []
        for name in names:
            if name in self._raw and (value := self.count(name)) is not None:
                found.append((name, value))
        return tuple(found)

    def beside(self, names: Collection[str]) -> list[Any]:
        """The values of all other fields that can hold text."""
        found = []
        for name, raw in self._raw.items():
            if name not in names and memoryview(raw)[0] in b'"{[':
                try:
                    found.append(_loose.decode(raw))
                except UnicodeDecodeError:
                    raise InvalidRequest("Expected UTF-8.", name) from None
                except UNREADABLE as error:
                    raise InvalidRequest(f"{error}.", name) from None
        return found

    def decoded(self) -> dict[str, Any]:
        """Every field with its value; null ones are left out."""
        values = {name: self.get(name, _STRICT) for name in self._raw}
        return {name: value for name, value in values.items() if value is not None}

    def written(self, values: Mapping[str, bytes]) -> bytes:
        """The body with some values replaced, or added at its end; all else byte for byte."""
        return self._replaced(values) or self._rewritten(values)

    def _replaced(self, values: Mapping[str, bytes]) -> bytes | None:
        """The same for a body as nearly every client writes it; None for any other.

        Put together again from what was found in it, it is the same body, to its last byte,
        exactly if no field stands there twice.
        """
        colon = b": " if self._content.find(b'": ', 0, _SHORT_NAME) > 0 else b":"
        spaced = b", " if colon == b": " else b","
        parts: list[bytes | msgspec.Raw] = [b"{"]
        places = {}
        between = b""
        for name, raw in self._raw.items():
            parts += (b'%b"%b"%b' % (between, name.encode(), colon), raw)
            if name in values:
                places[name] = len(parts) - 1
            between = spaced
        parts.append(b"}")
        if b"".join(parts) != self._content:
            return None
        for name, value in values.items():
            if name in places:
                parts[places[name]] = value
            else:
                comma = b"," if len(parts) > 2 else b""
                parts[-1:] = (comma, msgspec.json.encode(name), b":", value, b"}")
        return b"".join(parts)

    def _rewritten(self, values: Mapping[str, bytes]) -> bytes:
        """The same for any body."""
        spans = self._spans()
        if spans is None:
            raw = {name: msgspec.Raw(value) for name, value in values.items()}
            return msgspec.json.encode({**self._raw, **raw})
        parts: list[bytes] = []
        at = 0
        for name, (start, end) in spans.items():
            if name in values:
                parts += (self._content[at:start], values[name])
                at = end
        added = [msgspec.json.encode(n) + b":" + v for n, v in values.items() if n not in spans]
        if added:
            end = self._content.rindex(b"}")
            parts += (self._content[at:end], b"," if spans else b"", b",".join(added))
            at = end
        return b"".join((*parts, self._content[at:]))

    def _spans(self) -> dict[str, _Span] | None:
        """Where each value stands; None if a field stands twice or its name is written oddly.

        Walked is what the decoder found. It is the whole body, to its last byte, exactly if every
        name and value is met in its place, and then no field stands there twice.
        """
        at, spans = 0, {}
        for name, raw in self._raw.items():
            value, key = bytes(raw), msgspec.json.encode(name)
            start = _past(_BEFORE, self._content, at)
            if start is None or not self._content.startswith(key, start):
                return None
            start = _past(_COLON, self._content, start + len(key))
            if start is None or not self._content.startswith(value, start):
                return None
            at = start + len(value)
            spans[name] = (start, at)
        if not spans:
            at = self._content.index(b"{") + 1
        return spans if _END.fullmatch(self._content, at) else None


def _decoded(content: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _decoder.decode(content)
    except UnicodeDecodeError:
        raise InvalidRequest("The body must be UTF-8.") from None
    except UNREADABLE as error:
        if content.startswith(_COMPRESSED):
            raise InvalidRequest("The body is compressed: send it as it is.") from None
        raise InvalidRequest(f"The body must be a JSON object: {error}.") from None


def _past(pattern: re.Pattern[bytes], content: bytes, at: int) -> int | None:
    match = pattern.match(content, at)
    return None if match is None else match.end()
