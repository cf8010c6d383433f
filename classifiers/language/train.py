"""Train the shipped identifier: `python -m classifiers.language.train --data DIR --out DIR`.

Learns from the `train` rows of `language.parquet` and from lingua's tables, reports on `val`.
Seeded. Needs the extras `train` and `languages`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.dataset import SEED, read_table
from classifiers.language import corpus, lingua_tables
from classifiers.language.characters import ONE_LANGUAGE
from classifiers.language.fitting import Fitter, Floats, Plan, most_telling, slot_rates
from classifiers.language.grams import SLOTS
from classifiers.language.identifier import PRETRAINED, LowRank, save

DRAWN = 60_000
"""Words drawn a language."""

LEAST_CONFIDENCE = 0.3
OURS = {"nb": "no"}
"""The tables' code of a language that users know by another."""


def languages_of(home: Path) -> list[str]:
    """Return the languages that there are tables of, or a script of their own; by the tables."""
    tables = {path.name for path in home.iterdir() if (path / "unigrams.json.br").is_file()}
    return sorted(tables | ONE_LANGUAGE.keys())


def statistics(
    home: Path, languages: Sequence[str], rng: np.random.Generator
) -> tuple[Floats, list[list[str]]]:
    """Return the rates [SLOTS, l] of all n-grams, and words drawn in each language."""
    rates = np.zeros((SLOTS, len(languages)), dtype=np.float32)
    drawn = []
    for column, code in enumerate(languages):
        if (home / code).is_dir():
            levels = lingua_tables.levels(home / code)
            rates[:, column] = slot_rates(levels)
            drawn.append(lingua_tables.words(levels, DRAWN, rng))
        else:
            drawn.append(corpus.script_only(code))
    return rates, drawn
