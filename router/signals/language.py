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

Read are the first 500 characters of what is routed on, without code and web addresses.

This kind has no options.

The engine is py3langid (BSD, offline, a 4.6 MB model that takes 80 MB of memory). It loads in a
thread on the first request that needs it, in 0.4 s. Measured on 8,000 texts in 75 languages
(lingua-py's test data), 71 of which the model knows:

    sentences 0.96, word pairs 0.82, single words 0.59 right, with all languages to choose from
    confidence over 0.9: 0.99 right; 0.8-0.9: 0.93; 0.6-0.8: 0.8; 0.2-0.6: 0.5; under 0.2: 0.3
    9,971 of 10,000 English prompts of benchmarks are told to be English

A language under a confidence of 0.2 is reported as `und`: it would be wrong two times in three.
"""

import asyncio
import functools
import re
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from router.core.request import RoutedRequest
from router.core.signals import Signals, SignalSpec, Vocabulary

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

READ_CHARACTERS = 500
"""More text makes no difference to the answer, and the work grows with it: 0.1 ms for these."""

LEAST_CONFIDENCE = 0.2
"""Below this a language is no better than a guess."""

UNDETERMINED = "und"

_SAME_AS = {
    "ary": "ar",
    "arz": "ar",
    "fuv": "ff",
    "gug": "gn",
    "hbo": "he",
    "kik": "ki",
    "uzs": "uz",
    "wuu": "zh",
    "yue": "zh",
    "zxx": UNDETERMINED,
}
"""The model's labels that users know by a shorter code, mostly dialects, whose
probabilities add up to that of the whole language."""

LANGUAGES = tuple(  # one text: easier to read and to change than 130 quoted codes
    """
    ace af am an ar as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa ff
    fi fo fr fy ga gcf gcr gd gl gn gom grc gu guw ha he hi hr ht hu hy id ig is it ja jv ka kab
    ki kk km kn ko ku ky la lb lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc
    om or pa pcm pl ps pt qu ro ru rw sa sdh se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr
    tt ug uk ur uz vec vi vo wa xh yo zh zu
    """.split()  # noqa: SIM905
)
"""Every language told apart."""

_NOT_PROSE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,200}`|https?://\S+", re.DOTALL)


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


class LanguageSignal:
    """Yields `language` and `language_confidence`."""

    def __init__(self, options: LanguageOptions) -> None:
        self._options = options
        self._identifier: LanguageIdentifier | None = None

    async def extract(self, request: RoutedRequest) -> Signals:
        """The language; the first call loads the model in a thread."""
        if self._identifier is None:
            self._identifier = await asyncio.to_thread(_identifier)
        language, confidence = _most_likely(self._identifier, _prose(request.focus))
        known = language if confidence >= LEAST_CONFIDENCE else UNDETERMINED
        return {"language": known, "language_confidence": confidence}


def _most_likely(identifier: "LanguageIdentifier", text: str) -> tuple[str, float]:
    if not any(map(str.isalpha, text)):
        return UNDETERMINED, 0.0
    likely: dict[str, float] = {}
    for label, probability in identifier.rank(text):
        language = _SAME_AS.get(label, label)
        likely[language] = likely.get(language, 0.0) + float(probability)
    best = max(likely, key=likely.__getitem__)
    return best, min(likely[best], 1.0)


def _prose(text: str) -> str:
    return _NOT_PROSE.sub(" ", text[: 4 * READ_CHARACTERS])[:READ_CHARACTERS]


@functools.cache
def _identifier() -> "LanguageIdentifier":
    """The model, loaded once a process: reloading a policy must not take its memory twice."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
