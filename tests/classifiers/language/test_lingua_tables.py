"""lingua's tables: the counts behind its shares, and words drawn from them."""

import json
from collections import Counter
from pathlib import Path

import brotli
import numpy as np
import pytest

from classifiers.errors import DataError, MissingExtraError
from classifiers.language import lingua_tables
from classifiers.language.lingua_tables import Level, bordered, levels, words
from tests.classifiers.language.tables import grams, written

WORDS = ["the"] * 5 + ["then", "there", "bathe", "a", "an", "heathen", "ü"]


def texts_of(level: Level) -> list[str]:
    return ["".join(map(chr, row)) for row in level.letters]


def counts_of(level: Level, name: str) -> Counter[str]:
    counts = dict(zip(texts_of(level), getattr(level, name).astype(int).tolist(), strict=True))
    return Counter({gram: count for gram, count in counts.items() if count})


def test_the_counts_come_back_from_the_shares(tmp_path: Path) -> None:
    found = levels(written(tmp_path / "xx", WORDS))

    scale = round(found[0].inside.sum() / sum(map(len, WORDS)), 6)
    assert scale == 1
    for size, level in enumerate(found, 1):
        assert counts_of(level, "inside") == grams(WORDS, size)
    for size, level in enumerate(found[:4], 1):
        starts = Counter(word[:size] for word in WORDS if len(word) >= size)
        ends = Counter(word[-size:] for word in WORDS if len(word) >= size)
        assert counts_of(level, "first") == starts
        assert counts_of(level, "last") == ends
    for size, level in enumerate(found[:3], 1):
        assert counts_of(level, "whole") == Counter(w for w in WORDS if len(w) == size)


def test_words_are_drawn_as_often_as_they_come(tmp_path: Path) -> None:
    found = levels(written(tmp_path / "xx", WORDS))
    drawn = Counter(words(found, 6000, np.random.default_rng(0)))
    assert drawn["the"] / 6000 == pytest.approx(5 / len(WORDS), abs=0.05)
    assert drawn["ü"] / 6000 == pytest.approx(1 / len(WORDS), abs=0.02)
    assert {word[:2] for word in drawn} <= {word[:2] for word in WORDS}
    assert {word[-2:] for word in drawn if len(word) < 24} <= {word[-2:] for word in WORDS}


def test_a_language_of_single_letters_has_words_of_them(tmp_path: Path) -> None:
    found = levels(written(tmp_path / "zh", ["你好", "好"], most=1))
    drawn = words(found, 200, np.random.default_rng(0))
    assert set("".join(drawn)) == {"你", "好"}
    assert {len(word) for word in drawn} == set(range(1, 7))


def test_n_grams_are_given_with_separators_around_them(tmp_path: Path) -> None:
    found = levels(written(tmp_path / "xx", WORDS))
    tables = {
        "".join(map(chr, row)).replace("\0", "|"): count
        for letters, counts in bordered(found[2])
        for row, count in zip(letters, counts.astype(int).tolist(), strict=True)
    }
    assert (tables["the"], tables["|the"], tables["the|"], tables["|the|"]) == (9, 7, 6, 5)
    assert [letters.shape[1] for letters, _ in bordered(found[4])] == [5]


def test_a_file_of_another_form_is_named(tmp_path: Path) -> None:
    home = tmp_path / "xx"
    home.mkdir()
    held = {"ngrams": {"1/2": "a bc"}}
    (home / "unigrams.json.br").write_bytes(brotli.compress(json.dumps(held).encode()))
    with pytest.raises(DataError, match="unigrams"):
        levels(home)


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingua_tables, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"slm-router\[languages\]"):
        lingua_tables.folder()
