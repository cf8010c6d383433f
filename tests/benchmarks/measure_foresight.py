"""How well a policy's `complexity` and `quality.<model>` hold on val: the figures of decision 0014.

    python -m tests.benchmarks.measure_foresight ../shared/data

Each reported pair is put into a catalog three ways: known to the classifier, known but with the
operator's guess of a prior, and under names that nobody has measured.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers import curves, targets
from classifiers.baselines import Floats
from classifiers.catalog_classifier import CatalogClassifier
from classifiers.curves import Estimate
from classifiers.gap import Everyday
from classifiers.names import known_name
from classifiers.pairs import Pair
from classifiers.predictions import BATCH
from classifiers.prompt_classifier import PromptClassifier
from classifiers.results import read_results
from classifiers.roster import Member, Roster

GUESS = (0.65, 0.92)
"""The prior that an operator might give to a small and a large model."""

ROUNDS = 500
Scores = Mapping[str, Floats]


def judged(classifier: CatalogClassifier, texts: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Complexity [n] and chances [n, 2]."""
    found = [
        one
        for start in range(0, len(texts), BATCH)
        for one in classifier.judge(texts[start : start + BATCH])
    ]
    chances = np.array([list(one.quality.values()) for one in found])
    return np.array([one.complexity for one in found]), chances


def scores_of(
    classifier: PromptClassifier,
    everyday: Everyday,
    models: tuple[str, str],
    texts: tuple[str, ...],
) -> Scores:
    """What each way of knowing the pair says of how much a prompt wants the large model."""
    names = [known_name(classifier.models, (model,)) for model in models]
    levels = [
        float(classifier.abilities.of(str(name)).quality(everyday.latents).mean()) for name in names
    ]
    ways = {
        "known": tuple(zip(models, levels, strict=True)),
        "known, prior guessed": tuple(zip(models, GUESS, strict=True)),
        "not known": tuple(zip(("small", "large"), levels, strict=True)),
        "not known, prior guessed": tuple(zip(("small", "large"), GUESS, strict=True)),
    }
    found: dict[str, Floats] = {}
    for way, members in ways.items():
        small, large = (Member(name, prior) for name, prior in members)
        roster = Roster.of(classifier, (small, large), (small.name, large.name), everyday)
        complexity, chances = judged(CatalogClassifier(classifier, roster), texts)
        found[f"complexity, {way}"] = complexity
        found[f"gain in quality, {way}"] = chances[:, 1] - chances[:, 0]
        found[f"small is bad, {way}"] = 1 - chances[:, 0]
    return found


def figures(pair: Pair, scores: Scores, rows: NDArray[np.int64]) -> dict[str, float]:
    """APGR of every score on some prompts; NaN where there is no gap to recover."""
    part = pair.rows(rows)
    try:
        return {n: curves.apgr(s[rows], part.weak, part.strong) for n, s in scores.items()}
    except ValueError:
        return dict.fromkeys(scores, float("nan"))


def told(found: Estimate) -> str:
    """An estimate in a table."""
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def main() -> None:
    """Measure and print, each pair and then what belongs together."""
    tables, classifier = read_results(Path(sys.argv[1])), PromptClassifier.load()
    everyday = Everyday.of(classifier)
    values: dict[str, list[float]] = {}
    foreseen: dict[str, list[Floats]] = {}
    observed: list[Floats] = []
    for dataset, models in targets.REPORTED_PAIRS.items():
        table = tables[dataset].of_models(models).of_split("val")
        pair = Pair.of(table)
        scores = scores_of(classifier, everyday, models, table.texts)
        print(f"\n{dataset}: {models[0]} / {models[1]}, n={len(table)}")
        found = curves.bootstrap_many(partial(figures, pair, scores), len(table), ROUNDS)
        for name, value in found.items():
            print(f"  APGR {name:44} {told(value)}")
            values.setdefault(name, []).append(value.value)
            foreseen.setdefault(name, []).append(scores[name])
        observed.append((1 - pair.weak) * pair.strong)
    print("\nmean APGR of the six pairs; ECE of complexity over all their prompts")
    truth = np.concatenate(observed)
    for name, each in values.items():
        line = f"  {name:44} {np.mean(each):.3f}"
        if name.startswith("complexity"):
            ece = curves.bootstrap(
                curves.expected_calibration_error, np.concatenate(foreseen[name]), truth, rounds=300
            )
            line += f"   ECE {told(ece)} n={ece.n}"
        print(line)


if __name__ == "__main__":
    main()
