"""Training end to end, on three made-up languages and the scripts that decide alone."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifiers.language import corpus, lingua_tables, train
from classifiers.language.fitting import Plan, most_telling
from classifiers.language.grams import SLOTS
from classifiers.language.identifier import LanguageIdentifier
from tests.classifiers.language.tables import written

VOCABULARY: Mapping[str, Sequence[str]] = {
    "aa": ["bado", "badi", "bode", "dabo", "obad", "idab", "dob", "bi"],
    "bb": ["kesu", "kusse", "sekke", "useks", "eskul", "seku", "kes", "us"],
    "nb": ["ørnå", "råne", "nåre", "arne", "øran", "erån", "rån", "øn"],
    "cc": ["дома", "мода", "вода", "года", "даво", "мдо", "ода", "да"],
    "dd": ["жизе", "зиже", "ежи", "изеж", "жезл", "лизе", "зе", "жил"],
}


def rows_of(code: str, rng: np.random.Generator) -> list[dict[str, str]]:
    found = []
    for number in range(60):
        text = " ".join(rng.choice(VOCABULARY[code], 5))
        split = "val" if number % 3 == 0 else "train"
        found.append({"lang": code, "text": text, "kind": "sentences", "split": split})
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trained")
    rng = np.random.default_rng(1)
    for code, words in VOCABULARY.items():
        written(home / "tables" / code, words)
    rows = [row for code in VOCABULARY for row in rows_of(code, rng)]
    pq.write_table(pa.Table.from_pylist(rows), home / "language.parquet")
    patch = pytest.MonkeyPatch()
    patch.setattr(lingua_tables, "folder", lambda: home / "tables")
    patch.setattr(train, "DRAWN", 300)
    train.train(home, home / "out", Plan(kept=500, dimensions=4, steps=60, examples=64, rate=0.05))
    patch.undo()
    return home


def test_what_is_trained_tells_its_languages_apart(trained: Path) -> None:
    identifier = LanguageIdentifier.load(trained / "out")
    figures = identifier.manifest.body["figures"]["kinds"]["sentences"]
    assert figures["n"] == 100
    assert figures["likeliest"]["value"] >= 0.95
    told = [one.language for one in identifier.identify(["bado dob", "kusse us", "вода да"])]
    assert told == ["aa", "bb", "cc"]


def test_languages_are_called_as_users_call_them(trained: Path) -> None:
    identifier = LanguageIdentifier.load(trained / "out")
    assert "no" in identifier.languages and "nb" not in identifier.languages
    assert identifier.identify(["råne nåre ørnå"])[0].language == "no"


def test_a_script_of_one_language_needs_no_table(trained: Path) -> None:
    assert LanguageIdentifier.load(trained / "out").identify(["ქართული"])[0].language == "ka"


def test_the_card_holds_the_figures_of_the_manifest(trained: Path) -> None:
    manifest = json.loads((trained / "out" / "manifest.json").read_text("utf-8"))
    card = (trained / "out" / "card.md").read_text("utf-8")
    value = manifest["figures"]["kinds"]["sentences"]["likeliest"]["value"]
    assert f"| sentences | {value:.3f} [" in card
    assert manifest["sha256"][:12] in card
    assert "lingua-language-detector" in card and "Apache-2.0" in card


def test_the_same_seed_gives_the_same_batches() -> None:
    rows = np.arange(SLOTS, dtype=np.int32)
    texts = [["bado dob", "bi"], ["kes us", "useks"]]
    made = corpus.build(rows, [list(VOCABULARY["aa"]), list(VOCABULARY["bb"])], texts)
    one, other = (made.batch(50, 2, np.random.default_rng(3)) for _ in range(2))
    assert [part.tolist() for part in one] == [part.tolist() for part in other]


def test_an_example_holds_n_grams_of_its_own_language_alone() -> None:
    rows = np.arange(SLOTS, dtype=np.int32)
    drawn = [list(VOCABULARY["aa"]), list(VOCABULARY["bb"])]
    made = corpus.build(rows, drawn, [["bado"], ["kés useks"]])
    own = [
        set(corpus.build(rows, [words], [[*words, "kes", "kés"]]).rows.tolist()) for words in drawn
    ]
    found, counts, truth = made.batch(200, 2, np.random.default_rng(0))
    assert counts.sum() == len(found) and set(truth.tolist()) == {0, 1}
    for part, language in zip(np.split(found, np.cumsum(counts)[:-1]), truth, strict=True):
        assert len(part) and set(part.tolist()) <= own[language]


def test_n_grams_that_one_language_alone_has_tell_most() -> None:
    rates = np.zeros((SLOTS, 2), dtype=np.float32)
    rates[5], rates[9], rates[7] = [0.2, 0.2], [0.1, 0.0], [0.0, 0.001]
    found = most_telling(rates, np.ones((2, 2), dtype=np.bool_), 2)
    assert found.slots.tolist() == [7, 9]


def test_training_without_a_table_of_languages_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "classifiers.language.train", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "language.parquet" in done.stderr or "lingua" in done.stderr
    assert "Traceback" not in done.stderr
