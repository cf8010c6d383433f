"""Text to token ids, with a bound on the work a single prompt can cause.

A prompt's instruction stands at its beginning or its end, so long text keeps both and loses the
middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from classifiers.base import IntArray, TokenBatch
from classifiers.wording import without_courtesies
from classifiers.wordpiece import PlainWordPiece

if TYPE_CHECKING:
    from tokenizers import Tokenizer

HEAD_CHARS = 3000
TAIL_CHARS = 1000
_JOIN = "\n"


def shorten(text: str) -> str:
    """Keep the first 3000 and last 1000 characters of a longer text."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return text[:HEAD_CHARS] + _JOIN + text[-TAIL_CHARS:]


def encodable(text: str) -> str:
    """Replace lone surrogates, which JSON allows and UTF-8 does not."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Tokeniser:
    """A Hugging Face fast tokeniser, read from the bytes of its `tokenizer.json`.

    Attributes:
        plain: the short way to the same ids, where there is one.
    """

    source: bytes
    engine: Tokenizer
    unknown_id: int
    plain: PlainWordPiece | None = None

    @classmethod
    def from_bytes(cls, source: bytes) -> Tokeniser:
        """Parse `tokenizer.json`. Raises ValueError when the bytes are not one."""
        from tokenizers import Tokenizer

        try:
            engine = Tokenizer.from_str(source.decode("utf-8"))
        except Exception as error:  # the Rust side raises plain Exception
            raise ValueError(f"not a tokenizer.json: {error}") from error
        engine.no_padding()
        engine.no_truncation()
        unknown = engine.token_to_id("[UNK]")
        plain = PlainWordPiece.of(source, engine)
        return cls(source, engine, -1 if unknown is None else unknown, plain)

    def batch(self, texts: Sequence[str]) -> TokenBatch:
        """Shorten n texts, take off their courtesies, and tokenise them."""
        short = [without_courtesies(encodable(shorten(text))) for text in texts]
        return TokenBatch(short, self._ids(short), self.unknown_id)

    def _ids(self, texts: Sequence[str]) -> list[IntArray]:
        if self.plain is None:
            return self._by_engine(texts)
        plain = list(map(self.plain.ids, texts))
        others = [text for text, ids in zip(texts, plain, strict=True) if ids is None]
        found = iter(self._by_engine(others) if others else ())
        return [next(found) if ids is None else np.array(ids, dtype=np.int64) for ids in plain]

    def _by_engine(self, texts: Sequence[str]) -> list[IntArray]:
        # The fast variant leaves out character offsets, which nobody here reads.
        encoded = self.engine.encode_batch_fast(texts, add_special_tokens=False)
        return [np.array(each.ids, dtype=np.int64) for each in encoded]
