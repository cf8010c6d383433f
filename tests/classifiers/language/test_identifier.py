"""The shipped identifier, and what it refuses to be loaded from."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import artifact
from classifiers.errors import ArtifactError
from classifiers.language.characters import ONE_LANGUAGE
from classifiers.language.identifier import (
    MODEL,
    PRETRAINED,
    UNDETERMINED,
    Identified,
    LanguageIdentifier,
)

identifier = LanguageIdentifier.load()


def told(text: str) -> str:
    return identifier.identify([text])[0].language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Jeg vet ikke hva jeg skal gjøre med dette", "no"),
        ("Wat is de hoofdstad van Nederland en hoeveel mensen wonen er?", "nl"),
        ("Która godzina jest teraz w Warszawie?", "pl"),
        ("Напиши короткий вірш про осінь українською мовою", "uk"),
        ("Qual é a melhor maneira de aprender a programar?", "pt"),
        ("Apa yang harus saya lakukan supaya bisa tidur lebih cepat?", "id"),
        ("Làm thế nào để học lập trình nhanh hơn?", "vi"),
        ("Bugün hava güzel, ne yapmak istersin?", "tr"),
        ("توضیح بده که هوش مصنوعی چگونه کار می‌کند", "fa"),
        ("ማን ነህ", "am"),
        ("មនុស្ស", "km"),
    ],
)
def test_languages_are_told(text: str, language: str) -> None:
    assert told(text) == language


@pytest.mark.parametrize("code", sorted(ONE_LANGUAGE))
def test_a_script_of_one_language_decides_alone(code: str) -> None:
    (first, last), *_ = ONE_LANGUAGE[code]
    letters = [chr(point) for point in range(first, last + 1) if chr(point).isalpha()]
    (found,) = identifier.identify(["".join(letters[:20])])
    assert found.language == code
    assert found.confidence > 0.9


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Translate 'Доброе утро' into English and tell me when people say it", "en"),
        ("Was bedeutet das Wort 您好 auf Deutsch, und wann sagt man es?", "de"),
        ("请用Python写一个quicksort函数,并解释它的时间复杂度", "zh"),
        ("Solve for β: 2β + 3λ = 7, where λ is known to be one half of β", "en"),
        ("東京の人口を教えてください", "ja"),
    ],
)
def test_the_language_of_a_mixed_text_is_that_of_most_of_it(text: str, language: str) -> None:
    assert told(text) == language


def test_a_text_without_letters_or_in_an_unknown_script_is_undetermined() -> None:
    assert identifier.identify(["", "123 +", "🎉"]) == [Identified(UNDETERMINED, 0.0)] * 3
    (cherokee,) = identifier.identify(["ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ"])
    assert cherokee.language == UNDETERMINED


def test_no_text_is_no_answer() -> None:
    assert identifier.identify([]) == []
    assert identifier.probabilities([]).shape == (0, len(identifier.languages))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=6))
def test_an_answer_does_not_depend_on_the_texts_beside_it(texts: list[str]) -> None:
    together = identifier.identify(texts)
    for text, found in zip(texts, together, strict=True):
        (alone,) = identifier.identify([text])
        assert alone.confidence == pytest.approx(found.confidence, abs=1e-4)
        assert 0 <= found.confidence <= 1
        if abs(found.confidence - identifier.least_confidence) > 1e-4:
            assert (alone.language == UNDETERMINED) == (found.language == UNDETERMINED)


def test_probabilities_sum_to_one_and_their_largest_is_the_answer() -> None:
    texts = ["Wie geht es dir heute?", "How are you today?", "आप कैसे हैं?"]
    found = identifier.probabilities(texts)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    best = [identifier.languages[place] for place in found.argmax(axis=1)]
    assert best == [one.language for one in identifier.identify(texts)] == ["de", "en", "hi"]


def test_case_does_not_matter() -> None:
    one, other = identifier.identify(["Wo ist der Hund?", "WO IST DER HUND?"])
    assert one == other


def copy(folder: Path) -> Path:
    return Path(shutil.copytree(PRETRAINED, folder / "copy"))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    content = bytearray((folder / MODEL).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / MODEL).write_bytes(content)
    with pytest.raises(ArtifactError, match="SHA-256"):
        LanguageIdentifier.load(folder)


def test_an_artifact_of_another_kind_is_refused(tmp_path: Path) -> None:
    artifact.save(tmp_path, {"languages": ["en"]}, {})
    with pytest.raises(ArtifactError, match="identifier of languages"):
        LanguageIdentifier.load(tmp_path)


@pytest.mark.parametrize("name", ["steps", "vectors", "scale", "bias", "sharpness", "written"])
def test_arrays_that_do_not_fit_together_are_refused(name: str, tmp_path: Path) -> None:
    manifest, files = artifact.load(PRETRAINED)
    arrays = artifact.unpack(files[MODEL], PRETRAINED / MODEL)
    arrays[name] = arrays[name][:-1]
    body = {key: value for key, value in manifest.body.items() if key not in ("files", "format")}
    artifact.save(tmp_path, body, {MODEL: artifact.pack(arrays)})
    with pytest.raises(ArtifactError, match="identifier of languages"):
        LanguageIdentifier.load(tmp_path)


def test_what_is_stored_is_small() -> None:
    assert sum(file.stat().st_size for file in PRETRAINED.iterdir()) < 1_600_000
