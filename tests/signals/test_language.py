"""The language of a request."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from classifiers.language.identifier import LanguageIdentifier
from router.core.signals import Signals
from router.identifier import shipped_identifier
from router.signals.language import (
    LANGUAGES,
    UNDETERMINED,
    LanguageOptions,
    LanguageSignal,
    languages_of,
    prose,
)
from tests.signals.requests import asking

signal = LanguageSignal(LanguageOptions(), shipped_identifier())


async def language_of(text: str) -> Signals:
    return await signal.extract(asking(text))


@dataclass(frozen=True)
class Answer:
    language: str = "fr"
    confidence: float = 0.75


@dataclass
class Listening:
    """Remembers what it was asked."""

    heard: list[str] = field(default_factory=list)

    def identify(self, texts: Sequence[str], /) -> Sequence[Answer]:
        self.heard += texts
        return [Answer() for _ in texts]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Could you explain how photosynthesis works in simple words?", "en"),
        ("Kannst du mir bitte erklären, wie die Photosynthese funktioniert?", "de"),
        ("Explique-moi comment fonctionne la photosynthèse, s'il te plaît.", "fr"),
        ("¿Puedes explicarme cómo funciona la fotosíntesis?", "es"),
        ("请解释一下光合作用是如何进行的。", "zh"),
        ("光合成の仕組みを説明してください。", "ja"),
        ("Объясни, пожалуйста, как работает фотосинтез.", "ru"),
        ("اشرح لي كيف تعمل عملية البناء الضوئي من فضلك", "ar"),
        ("प्रकाश संश्लेषण कैसे काम करता है, कृपया समझाइए।", "hi"),
        ("Hvordan kan jeg lære meg å programmere raskere?", "no"),
    ],
)
async def test_sentences_are_told_with_confidence(text: str, language: str) -> None:
    found = await language_of(text)
    assert found["language"] == language
    assert float(found["language_confidence"]) > 0.5


@pytest.mark.parametrize("text", ["", "12 + 30", "🙂🙂", "   \n", "x", "\ud800", "f(x) = 2"])
async def test_text_too_short_to_tell_is_undetermined(text: str) -> None:
    found = await language_of(text)
    assert found["language"] == UNDETERMINED
    assert float(found["language_confidence"]) < 0.5


async def test_code_alone_has_no_language() -> None:
    found = await language_of("```python\nfor name in names:\n    print(name)\n```")
    assert found == {"language": UNDETERMINED, "language_confidence": 0.0}


async def test_code_blocks_and_addresses_do_not_hide_the_language_around_them() -> None:
    code = "```\nreturn the value of this function when it has been found\n```"
    found = await language_of(
        f"Warum ist dieses Programm so langsam? {code} https://example.org/the/answer/of/the"
    )
    assert found["language"] == "de"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Why `return the value` so?", "Why   so?"),
        ("see http://a.example/b now", "see   now"),
        ("open ```\nfor ever", "open  "),
        ("a lone ` stays", "a lone ` stays"),
        ("plain", "plain"),
    ],
)
def test_code_and_addresses_are_left_out(text: str, kept: str) -> None:
    assert prose(text) == kept


async def test_what_the_identifier_says_is_the_signal() -> None:
    listening = Listening()
    made = LanguageSignal(LanguageOptions(), listening)
    first, second = await made.extract(asking("un")), await made.extract(asking("deux `code`"))
    assert first == second == {"language": "fr", "language_confidence": 0.75}
    assert listening.heard == ["un", "deux  "]


def test_many_requests_are_told_in_one_call() -> None:
    texts = ["Wo ist der Bahnhof, bitte?", "Where is the railway station, please?", "地铁站在哪里?"]
    found = languages_of(shipped_identifier(), [asking(text) for text in texts])
    assert [one["language"] for one in found] == ["de", "en", "zh"]


def test_the_languages_listed_are_those_of_the_identifier() -> None:
    assert sorted(LanguageIdentifier.load().languages) == list(LANGUAGES)


def test_importing_the_signals_loads_no_engine() -> None:
    engines = ("classifiers", "phonenumbers", "numpy", "stdnum")
    program = (
        f"import sys, router.signals;print([name for name in {engines!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
