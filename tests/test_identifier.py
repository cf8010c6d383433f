"""The identifier of a process: loaded once, when it is first asked."""

import subprocess
import sys
from pathlib import Path

import pytest

from classifiers import artifact
from classifiers.errors import ArtifactError
from classifiers.language import identifier as languages
from classifiers.language.identifier import LanguageIdentifier
from router import identifier


def test_it_is_the_same_for_the_whole_process() -> None:
    assert identifier.shipped_identifier() is identifier.shipped_identifier()


def test_it_says_what_the_shipped_artifact_says() -> None:
    texts = ["Wo ist die nächste Apotheke?", ""]
    assert identifier.shipped_identifier().identify(texts) == LanguageIdentifier.load().identify(
        texts
    )


def test_it_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []
    load = LanguageIdentifier.load

    def counting(path: Path | None = None) -> LanguageIdentifier:
        loaded.append(path)
        return load(path)

    monkeypatch.setattr(LanguageIdentifier, "load", counting)
    made = identifier.shipped_identifier.__wrapped__()
    assert loaded == []
    made.identify(["one"])
    made.identify(["two"])
    assert len(loaded) == 1


def test_a_broken_artifact_fails_each_call_and_works_once_repaired(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    artifact.save(tmp_path, {}, {})
    made = identifier.shipped_identifier.__wrapped__()
    with monkeypatch.context() as broken:
        broken.setattr(languages, "PRETRAINED", tmp_path)
        for _ in range(2):
            with pytest.raises(ArtifactError):
                made.identify(["hello"])
    assert made.identify(["Could you help me with this?"])[0].language == "en"


def test_asking_for_it_loads_no_numpy() -> None:
    program = (
        "import sys, router.identifier as it; it.shipped_identifier();"
        "print('numpy' in sys.modules, 'classifiers' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "False"]
