"""Train the shipped identifier: `python -m classifiers.language.train --data DIR --out DIR`.

Learns from the `train` rows of `language.parquet` and from lingua's tables, reports on `val`.
Seeded. Needs the extras `train` and `languages`; some five minutes of one core and 3 GB.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.base import IntArray
from classifiers.dataset import SEED, Row, read_table
from classifiers.errors import ClassifierError
from classifiers.language import corpus, lingua_tables
from classifiers.language.adjusting import calibrated, with_odds
from classifiers.language.card import CARD, written
from classifiers.language.characters import (
    ONE_LANGUAGE,
    SCRIPTS,
    letter_table,
    script_table,
    shorten,
)
from classifiers.language.figures import measured
from classifiers.language.fitting import Fitter, Floats, Plan, Rates, most_telling, slot_rates
from classifiers.language.grams import SLOTS
from classifiers.language.identifier import (
    PRETRAINED,
    LanguageIdentifier,
    LowRank,
    rows_of,
    save,
)
from classifiers.language.lingua_tables import Level

DRAWN = 60_000
"""Words drawn a language."""

LEAST_CONFIDENCE = 0.4
"""Of what is less probable than this, three in four are wrong on val."""

LEAST_SHARE = 0.1
"""Of a language's letters; a script with less of them is not its own, but what it quotes."""

OURS = {"nb": "no"}
"""The tables' code of a language that its users know by another."""

PHRASES = Path(__file__).parent / "phrases.json"
"""What people say to an assistant in passing, in some fifty languages; written for this project."""

SHARES = (3000, 750, 3000)
"""How many texts a language has of the table, of phrases and of English prompts."""

_TOLD_EVERY = 100
_SHORT = 20
_ENGLISH = ("prompts", "intents")


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the tables say of l languages.

    Attributes:
        languages: their codes, sorted.
        written: [scripts, l] whether a language is written in a script.
        learned: [m] the languages that have rivals, whose n-grams are learned.
        rates: [SLOTS, m] how often n-grams come in each of these.
        drawn: words drawn in each of these.
    """

    languages: list[str]
    written: NDArray[np.bool_]
    learned: IntArray
    rates: Floats
    drawn: list[list[str]]

    @property
    def rivals(self) -> NDArray[np.bool_]:
        """Whether two of the learned languages share a script; [m, m]."""
        scripts = self.written[:, self.learned].astype(np.int64)
        result: NDArray[np.bool_] = scripts.T @ scripts > 0
        return result


def statistics(home: Path, rng: np.random.Generator) -> Statistics:
    """Read the tables of every language."""
    tables = {path.name for path in home.iterdir() if (path / "unigrams.json.br").is_file()}
    languages = sorted(tables | ONE_LANGUAGE.keys())
    written = np.zeros((len(SCRIPTS), len(languages)), dtype=np.bool_)
    levels = {code: lingua_tables.levels(home / code) for code in languages if code in tables}
    for column, code in enumerate(languages):
        if code in ONE_LANGUAGE:
            written[SCRIPTS.index(code), column] = True
        if code in levels:
            written[:, column] |= _scripts_of(levels[code][0]) >= LEAST_SHARE
    rivals = (written[1:] & (written[1:].sum(axis=1) > 1)[:, None]).any(axis=0)
    learned = np.flatnonzero(rivals)
    rates = np.zeros((SLOTS, len(learned)), dtype=np.float32)
    drawn = []
    for column, place in enumerate(learned):
        found = levels[languages[place]]
        rates[:, column] = slot_rates(found)
        drawn.append(lingua_tables.words(found, DRAWN, rng))
    return Statistics(languages, written, learned, rates, drawn)


def _scripts_of(letters: Level) -> NDArray[np.float64]:
    """Return the share of each script in the letters of a language; [scripts]."""
    scripts = script_table()[letter_table()[letters.letters[:, 0]]]
    counts = np.bincount(scripts, letters.inside, len(SCRIPTS))
    counts[0] = 0
    result: NDArray[np.float64] = counts / counts.sum()
    return result


def fit(known: Rates, found: Statistics, texts: Sequence[Sequence[str]], plan: Plan) -> LowRank:
    """Return a model of drawn words and of real texts, in groups by language learned."""
    read = corpus.build(rows_of(known.slots), found.drawn, texts)
    fitter, losses = Fitter(known, found.rivals, plan), []
    for loss in fitter.fit(read, np.random.default_rng(SEED)):
        losses.append(loss)
        if len(losses) % _TOLD_EVERY == 0:
            told = f"step {len(losses)} of {plan.steps}, loss {np.mean(losses[-_TOLD_EVERY:]):.3f}"
            print(told, file=sys.stderr, flush=True)
    return fitter.model(found.learned, found.written)


def train(data: Path, out: Path, plan: Plan) -> None:
    """Fit, calibrate and measure on val, and write artifact and card into `out`."""
    found = statistics(lingua_tables.folder(), np.random.default_rng(SEED))
    known = most_telling(found.rates, found.rivals, plan.kept)
    rows = read_table(data / "language.parquet")
    texts = [real_texts(code, rows, data) for code in (found.languages[it] for it in found.learned)]
    held = [row for row in rows if row["split"] == "val"]
    places = np.array([found.languages.index(row["lang"]) for row in held])
    model = calibrated(
        with_odds(fit(known, found, texts, plan), found.languages),
        [row["text"] for row in held],
        places,
    )
    facts = {
        "kind": "identifier of languages",
        "languages": [OURS.get(code, code) for code in found.languages],
        "least_confidence": LEAST_CONFIDENCE,
        "plan": asdict(plan),
        "seed": SEED,
    }
    save(out, model, facts)
    held = [{**row, "lang": OURS.get(row["lang"], row["lang"])} for row in held]
    figures = measured(LanguageIdentifier.load(out), held, english(data))
    manifest = save(out, model, {**facts, "figures": figures})
    (out / CARD).write_text(written(manifest, out), encoding="utf-8")


def real_texts(code: str, rows: Sequence[Row], data: Path) -> list[str]:
    """Return the `train` texts of a language, phrases of everyday talk, and prompts if English.

    Each group comes as often as SHARES says beside the others that there are.
    """
    table = [row["text"] for row in rows if row["lang"] == code and row["split"] == "train"]
    phrases: dict[str, list[str]] = json.loads(PHRASES.read_text("utf-8"))
    prompts = english(data, "train") if code == "en" else {}
    groups = [table, phrases.get(code, []), [text for some in prompts.values() for text in some]]
    rng = np.random.default_rng(SEED)
    found: list[str] = []
    for group, share in zip(groups, SHARES, strict=True):
        if group:
            chosen = rng.choice(len(group), share, replace=len(group) < share)
            found += [shorten(group[place]) for place in chosen]
    return found


def english(data: Path, split: str = "val") -> dict[str, list[str]]:
    """Return English prompts, long ones and short ones apart, from the tables there are."""
    found: dict[str, list[str]] = {}
    for name in _ENGLISH:
        file = data / f"{name}.parquet"
        rows = read_table(file) if file.is_file() else []
        texts = [row["prompt"] for row in rows if row["split"] == split]
        found[f"{name}, over {_SHORT} characters"] = [t for t in texts if len(t) > _SHORT]
        found[f"{name}, shorter"] = [text for text in texts if len(text) <= _SHORT]
    return {name: texts for name, texts in found.items() if texts}


def main() -> int:
    """Read the command line and train; 1 when something that is needed is missing."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.language.train")
    parser.add_argument("--data", type=Path, required=True, help="folder of language.parquet")
    parser.add_argument("--out", type=Path, default=PRETRAINED, help="where the artifact goes")
    parser.add_argument("--steps", type=int, default=Plan().steps)
    arguments = parser.parse_args()
    try:
        train(arguments.data, arguments.out, Plan(steps=arguments.steps))
    except ClassifierError as error:
        print(f"classifiers.language.train: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
