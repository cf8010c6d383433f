"""The language of a request."""

import subprocess
import sys

import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

from router.core.signals import Signals
from router.signals.language import LANGUAGES, UNDETERMINED, LanguageOptions, LanguageSignal
from tests.signals.requests import asking

signal = LanguageSignal(LanguageOptions())


async def language_of(text: str) -> Signals:
    return await signal.extract(asking(text))


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
    ],
)
async def test_sentences_are_told_with_confidence(text: str, language: str) -> None:
    found = await language_of(text)
    assert found["language"] == language
    assert float(found["language_confidence"]) > 0.5


@pytest.mark.parametrize("text", ["", "ok", "yes", "12 + 30", "🙂🙂", "   \n", "x"])
async def test_text_too_short_to_tell_is_undetermined_with_low_confidence(text: str) -> None:
    found = await language_of(text)
    assert found["language"] == UNDETERMINED
    assert float(found["language_confidence"]) < 0.2


async def test_code_alone_has_no_language() -> None:
    found = await language_of("```python\nfor name in names:\n    print(name)\n```")
    assert found == {"language": UNDETERMINED, "language_confidence": 0.0}


async def test_code_blocks_and_addresses_do_not_hide_the_language_around_them() -> None:
    code = "```\nreturn the value of this function when it has been found\n```"
    found = await language_of(
        f"Warum ist dieses Programm so langsam? {code} https://example.org/the/answer/of/the"
    )
    assert found["language"] == "de"


def test_the_languages_listed_are_those_of_the_model() -> None:
    from router.signals.language import _SAME_AS

    labels = LanguageIdentifier.from_model_file(MODEL_FILE).labels
    assert {_SAME_AS.get(label, label) for label in labels} - {UNDETERMINED} == set(LANGUAGES)


def test_importing_the_signals_loads_no_engine() -> None:
    engines = ("py3langid", "phonenumbers", "numpy", "stdnum")
    program = (
        f"import sys, router.signals;print([name for name in {engines!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
