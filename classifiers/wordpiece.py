"""WordPiece for plain ASCII, many times as fast as the general engine, and with the same ids.

The engine normalises Unicode, keeps offsets and crosses into Rust for each text. Most prompts are
ASCII, where all that comes to lower case and a look-up per word; what stands between two spaces and
is no word of the vocabulary ("end.", a rare word) is taken apart, and the latest of these are kept.

Rule: the ids are the engine's own, for every text, or `ids` gives None and the engine is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

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
_KEPT = 4096  # of what was taken apart, each no longer than
_LONGEST_KEPT = 20


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
    _whole: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _parted: Callable[[str], tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words = {word: token for word, token in self.vocabulary.items() if _WORDS.fullmatch(word)}
        object.__setattr__(self, "_whole", words)
        object.__setattr__(self, "_parted", lru_cache(_KEPT)(self._apart))

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

    def ids(self, text: str) -> list[int] | None:
        """Return the token ids of a text, None for a text that is not plain."""
        if not text.isascii():
            return None
        raw = text.encode()
        if len(raw.translate(None, _CONTROLS)) != len(raw):
            return None
        for token in self.special:
            if token in text:
                return None
        found: list[int] = []
        known = self._whole.get
        for part in text.lower().split():
            token_id = known(part)
            if token_id is not None:
                found.append(token_id)
            else:
                found += self._parted(part) if len(part) <= _LONGEST_KEPT else self._apart(part)
        return found

    def _apart(self, part: str) -> tuple[int, ...]:
        """The tokens of what stands between two spaces."""
        found: list[int] = []
        for word in _WORDS.findall(part):
            token = self._whole.get(word)
            found += self._pieces(word) if token is None else (token,)
        return tuple(found)

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
