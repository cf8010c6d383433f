"""Which language the request is written in.

`language` (text): an ISO 639-1 code where the language has one, such as en, de, zh or sw, else
    its ISO 639-3 code. `no` is Norwegian Bokmål, `zh` any Chinese, `ar` any Arabic. `und`:
    undetermined, for text that is too short ("ok"), holds no words, or is nothing but code.
`language_confidence` (number, 0-1): probability of that language.

    rules:
      - name: not-english
        when:
          all:
            - {signal: language, not_in: [en, und]}
            - {signal: language_confidence, at_least: 0.8}
        ...

Read are the beginning and the end, 500 characters together, of what is routed on, without code and
web addresses.

This kind has no options.

It is told by an identifier of our own (classifiers/pretrained_language, 1.4 MB, numpy alone): the
script of most letters rules languages out, letter n-grams decide among the rest. It loads in a
thread on the first request that needs it, in 50 ms, and takes 24 MB of memory. Measured on texts in
75 languages (held-back rows of lingua-py's test data), with all 85 languages to choose from:

    likeliest right (n)      here                  lingua 2.1            py3langid
    sentences (2,264)        0.979 [0.973, 0.985]  0.965 [0.957, 0.972]  0.936 [0.925, 0.945]
    word pairs (1,133)       0.895 [0.877, 0.913]  0.894 [0.877, 0.913]  0.783 [0.758, 0.808]
    single words (1,109)     0.711 [0.685, 0.738]  0.735 [0.711, 0.760]  0.547 [0.518, 0.575]
    confidence over 0.99: 0.999 right; 0.9-0.99: 0.94; 0.8-0.9: 0.91; 0.6-0.8: 0.68; 0.4-0.6: 0.58
    of 7,821 English prompts of more than 20 characters 99.85 % are told to be English

A language under a confidence of 0.4 is reported as `und`: it would be wrong three times in four.
English, and to a lesser degree other languages with much text on the web, are taken to be likelier
beforehand. What is hard: Bosnian and Croatian, Indonesian and Malay, which often share every word
of a sentence; names, and single words that several languages have.

Other languages are taken for a relative of theirs, often with confidence: Galician for Spanish,
Nepali for Hindi, Uzbek for Azerbaijani, Pashto for Persian, Kyrgyz and Tatar for Kazakh, Kurdish
for Turkish, Luxembourgish for German, Haitian for French, Assamese for Bengali. Of a sentence in
each of twenty such languages none was told to be English, so a rule for "not English" holds for
them; a rule for Spanish also catches Galician. Serbian is known in Cyrillic: in Latin letters it
is Croatian or Bosnian.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from router.core.request import RoutedRequest
from router.core.signals import Signals, SignalSpec, Vocabulary

UNDETERMINED = "und"

LANGUAGES = tuple(  # one text: easier to read and to change than 85 quoted codes
    """
    af am ar az be bg bn bo bs ca cs cy da de dv el en eo es et eu fa fi fr ga gu he hi hr hu hy id
    is it ja ka kk km kn ko la lg lo lt lv mi mk ml mn mr ms my nl nn no or pa pl pt ro ru si sk sl
    sn so sq sr st sv sw ta te th tl tn tr ts uk ur vi xh yo zh zu
    """.split()  # noqa: SIM905
)
"""Every language told apart."""

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,200}`", re.DOTALL)
_ADDRESS = re.compile(r"https?://\S+")


class LanguageOptions(BaseModel):
    """No options."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


VOCABULARY: Vocabulary = {
    "language": SignalSpec(
        "text", "ISO 639 code of the language written in", values=(*LANGUAGES, UNDETERMINED)
    ),
    "language_confidence": SignalSpec("number", "probability of that language", low=0, high=1),
}


def vocabulary(options: LanguageOptions) -> Vocabulary:
    """The names yielded, whatever the options."""
    return VOCABULARY


class Identified(Protocol):
    """A language (or `und`) and its probability."""

    @property
    def language(self) -> str: ...
    @property
    def confidence(self) -> float: ...


class Identifier(Protocol):
    """Anything that tells the languages of texts, in order, for any text at all."""

    def identify(self, texts: Sequence[str], /) -> Sequence[Identified]:
        """One answer a text. The first call may take longer, to load what it needs."""
        ...


class LanguageSignal:
    """Yields `language` and `language_confidence`."""

    def __init__(self, options: LanguageOptions, identifier: Identifier) -> None:
        self._options = options
        self._identifier = identifier
        self._is_warm = False

    async def extract(self, request: RoutedRequest) -> Signals:
        """The language; the first call is made in a thread. Raises what the identifier raises."""
        told = self.at_once(request)
        if told is not None:
            return told
        (found,) = await asyncio.to_thread(languages_of, self._identifier, [request])
        self._is_warm = True
        return found

    def at_once(self, request: RoutedRequest) -> Signals | None:
        """The language, None before the first call. Raises what the identifier raises."""
        if not self._is_warm:
            return None
        (found,) = languages_of(self._identifier, [request])
        return found


def languages_of(identifier: Identifier, requests: Sequence[RoutedRequest]) -> list[Signals]:
    """The signals of many requests, for little more than the price of one."""
    found = identifier.identify([prose(request.focus) for request in requests])
    return [{"language": one.language, "language_confidence": one.confidence} for one in found]


def prose(text: str) -> str:
    """The text without code and web addresses, which are in no language of people."""
    if "`" in text:
        text = _CODE.sub(" ", text)
    return _ADDRESS.sub(" ", text) if "://" in text else text
