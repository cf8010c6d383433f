"""WordPiece for plain ASCII, six times as fast as the general engine, and with the same ids.

The engine normalises Unicode, keeps offsets and crosses into Rust for each text. Most prompts are
ASCII, where all that comes to lower case, one regular expression and a look-up per word.

Rule: the ids are the engine's own, for every text, or `ids` gives None and the engine is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from classifiers.base import IntArray

_WORDS = re.compile(r"[a-z0-9]+|[^a-z0-9\s]")
# Which of these count as space, and which as nothing, is the engine's business.
_CONTROLS = bytes(code for code in (*range(32), 127) if chr(code) not in "\t\n\r")
_AS_BERT = {
    "type": "BertNormalizer",
    "clean_text": True,
    "handle_chinese_chars": True,
    "strip_accents": None,
    "lowercase": True,
}
_MODEL = ("type", "continuing_subword_prefix", "max_input_chars_per_word")
_AS_WORDPIECE = ("WordPiece", "##", 100)


@dataclass(frozen=True, slots=True)
class PlainWordPiece:
    """The vocabulary of an uncased WordPiece tokeniser in BERT's form.

    Attributes:
        vocabulary: word or `##` piece -> id.
        special: texts that the engine takes for tokens of their own.
    """

    vocabulary: Mapping[str, int]
    special: tuple[str, ...]
    unknown_id: int

    @classmethod
    def of(cls, source: bytes, engine: Tokenizer) -> PlainWordPiece | None:
        """Read `tokenizer.json`; None where it describes a tokeniser of any other kind."""
        read = json.loads(source)
        model = read.get("model") or {}
        alike = (
            read.get("normalizer") == _AS_BERT
            and read.get("pre_tokenizer") == {"type": "BertPreTokenizer"}
            and tuple(model.get(name) for name in _MODEL) == _AS_WORDPIECE
        )
        vocabulary = engine.get_vocab() if alike else {}
        unknown = vocabulary.get(str(model.get("unk_token")))
        if unknown is None:
            return None
        special = tuple(token["content"] for token in read.get("added_tokens") or ())
        return cls(vocabulary, special, unknown)

    def ids(self, text: str) -> IntArray | None:
        """Return the token ids of a text, None for a text that is not plain."""
        if not text.isascii():
            return None
        raw = text.encode()
        if len(raw.translate(None, _CONTROLS)) != len(raw):
            return None
        if any(token in text for token in self.special):
            return None
        found: list[int] = []
        known = self.vocabulary.get
        for word in _WORDS.findall(text.lower()):
            token = known(word)
            if token is not None:
                found.append(token)
            else:
                found += self._pieces(word)
        return np.array(found, dtype=np.int64)

    def _pieces(self, word: str) -> list[int]:
        """Longest piece first (Wu et al. 2016, arXiv 1609.08144); a word that is not made of
        pieces, or is overlong, is one unknown token."""
        found: list[int] = []
        start, length = 0, len(word)
        if length > _AS_WORDPIECE[2]:
            return [self.unknown_id]
        while start < length:
            prefix = "##" if start else ""
            for end in range(length, start, -1):
                token = self.vocabulary.get(prefix + word[start:end])
                if token is not None:
                    break
            else:
                return [self.unknown_id]
            found.append(token)
            start = end
        return found
