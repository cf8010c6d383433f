r"""Whether the request holds words or patterns of your own. One flag per list, by its name.

    signals:
      keywords:
        urgent: {any: [asap, urgent, "as soon as possible", 急]}
        legal: {any: [lawsuit], regex: ['\bNDA\b', '§\s*\d+'], within: conversation}

    rules:
      - name: legal-stays-here
        when: {signal: keywords.legal, is: true}
        ...

Options of a list:

`any`: words or phrases. They match whole words in any case, and any white space between the words
    of a phrase. Scripts without spaces between words (Chinese, Japanese, Thai, Khmer, Lao, Burmese)
    have no borders to look for: there a keyword matches anywhere.
`regex`: patterns, in the syntax of the PyPI package `regex` (a superset of Python's `re`), in any
    case. A pattern may match anywhere: write `\b` where a word's border is meant.
`within`: `focus` (default): what is routed on, the last user turn with its context where it is too
    short to stand alone. `conversation`: every turn.

A list's flag is true when any of its words or patterns is found. Patterns have 10 milliseconds a
request together: a pattern that backtracks without end is stopped, the flags not yet known stay
unknown (a rule on them neither holds nor is ruled out) and the gateway logs the list's name.
"""

import asyncio
import logging
import time
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Literal, Self

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, model_validator

from router.core.request import FOCUS_CHARACTERS, RoutedRequest
from router.core.signals import Signals, SignalSpec, Vocabulary

PATTERN_SECONDS = 0.01
"""Time for all patterns of one request, in seconds."""

INLINE_CHARACTERS = 2_000
"""Longer texts are searched off the event loop: 2,000 characters take 0.04 ms for a list of 5 words
and 0.3 ms for one of 100."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[\w--[{_UNSPACED}]]"
_STARTS_WITH_LETTER = regex.compile(rf"(?V1){_LETTER}")
_ENDS_WITH_LETTER = regex.compile(rf"(?V1){_LETTER}$")
_log = logging.getLogger(__name__)


def _word(text: str) -> str:
    if not text.strip():
        raise ValueError("expected a word or a phrase, found nothing but space")
    return text


def _pattern(text: str) -> str:
    try:
        regex.compile(text, regex.IGNORECASE)
    except regex.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


class KeywordList(BaseModel):
    """One named list: words, patterns, and where to look for them."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    any: tuple[Annotated[str, AfterValidator(_word)], ...] = Field((), strict=False)
    regex: tuple[Annotated[str, AfterValidator(_pattern)], ...] = Field((), strict=False)
    within: Literal["focus", "conversation"] = "focus"

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.any and not self.regex:
            raise ValueError("expected any or regex with at least one entry")
        return self


ListName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]


class KeywordsOptions(RootModel[Mapping[ListName, KeywordList]]):
    """Lists by name; none by default."""

    model_config = ConfigDict(frozen=True, strict=True)

    root: Mapping[ListName, KeywordList] = {}


def vocabulary(options: KeywordsOptions) -> Vocabulary:
    """One flag per list."""
    return {
        f"keywords.{name}": SignalSpec("flag", f"the request holds a keyword of the list {name}")
        for name in options.root
    }


class _Finder:
    """One list, compiled."""

    def __init__(self, options: KeywordList) -> None:
        self.within = options.within
        self._words = _words_pattern(options.any)
        self._patterns = [regex.compile(text, regex.IGNORECASE) for text in options.regex]

    def found_in(self, text: "_Text", deadline: float) -> bool:
        """Whether any word or pattern is there. Raises TimeoutError after `deadline`."""
        if self._words is not None and self._words.search(text.folded) is not None:
            return True
        return any(
            pattern.search(text.raw, timeout=_seconds_until(deadline), concurrent=True) is not None
            for pattern in self._patterns
        )


class _Text:
    """A text to look in; the folded form is made once, when a list with words asks for it."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def folded(self) -> str:
        """The text in the one form in which words are compared."""
        return _folded(self.raw)


class KeywordsSignal:
    """Yields `keywords.<list>` for every list."""

    def __init__(self, options: KeywordsOptions) -> None:
        self._finders = {
            f"keywords.{name}": _Finder(listed) for name, listed in options.root.items()
        }
        self._whole = any(finder.within == "conversation" for finder in self._finders.values())

    async def extract(self, request: RoutedRequest) -> Signals:
        """The flags; long texts are searched in a thread."""
        told = self.at_once(request)
        if told is not None:
            return told
        return await asyncio.to_thread(self._flags, self._texts(request))

    def at_once(self, request: RoutedRequest) -> Signals | None:
        """The flags, None for a long text."""
        texts = self._texts(request)
        if sum(map(len, texts.values())) > INLINE_CHARACTERS:
            return None
        return self._flags(texts)

    def _texts(self, request: RoutedRequest) -> Mapping[str, str]:
        return {"focus": _focus(request), "conversation": request.text if self._whole else ""}

    def _flags(self, texts: Mapping[str, str]) -> Signals:
        looked_in = {within: _Text(text) for within, text in texts.items()}
        deadline = time.monotonic() + PATTERN_SECONDS
        flags: dict[str, bool] = {}
        for name, finder in self._finders.items():
            try:
                flags[name] = finder.found_in(looked_in[finder.within], deadline)
            except TimeoutError:
                _log.warning("%s: a pattern was stopped, the flag is unknown", name)
        return flags


def _focus(request: RoutedRequest) -> str:
    """What is routed on, with all of the last user turn where the focus was cut short."""
    last = request.last_user_text
    return last if len(last) > FOCUS_CHARACTERS else request.focus


def _folded(text: str) -> str:
    # Compatibility form: full-width letters equal narrow ones, composed accents equal combined.
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def _words_pattern(words: Sequence[str]) -> "regex.Pattern[str] | None":
    """One pattern for all words, with borders wherever a word's end has one."""
    if not words:
        return None
    alternatives = "|".join(_bordered(_folded(word).split()) for word in words)
    return regex.compile(f"(?V1){alternatives}")


def _bordered(parts: Sequence[str]) -> str:
    left = rf"(?<!{_LETTER})" if _STARTS_WITH_LETTER.match(parts[0]) else ""
    right = rf"(?!{_LETTER})" if _ENDS_WITH_LETTER.search(parts[-1]) else ""
    body = r"\s+".join(regex.escape(part, special_only=True) for part in parts)
    return f"{left}{body}{right}"


def _seconds_until(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
