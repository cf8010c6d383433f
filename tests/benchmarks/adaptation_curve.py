"""How much a user's labels are worth: `python tests/benchmarks/adaptation_curve.py --data DIR`.

A table of the shared data plays the user. The classifier is trained again without any score of that
table (ten minutes each; kept in --bases), then adapted to labels drawn from its `train` prompts and
measured on its `val` prompts. Beside it stand routers that learn from the same labels. The docs'
table is what this prints. Intervals are of `val` prompts and draws together.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers import prompt_classifier as names
from classifiers.adaptation import Labels, Start, adapt
from classifiers.adaptation_basis import Basis
from classifiers.adapted_figures import Foreseen
from classifiers.adapting import encoded
from classifiers.baselines import expected_scores
from classifiers.curves import apgr, expected_calibration_error
from classifiers.dataset import SEED, complexity_examples
from classifiers.near_duplicates import near_duplicate_groups
from classifiers.predictions import embeddings, known_as
from classifiers.prompt_classifier import Extras, PromptClassifier, save
from classifiers.response_training import train_responses
from classifiers.responses import Responses, read_responses, subset
from classifiers.results import Results, read_results
from classifiers.targets import REPORTED_PAIRS
from classifiers.train import train_head

Floats = NDArray[np.float64]
LABELS = (20, 50, 100, 300, 1000)
TABLES = ("routellm_mmlu", "mmlu_pro", "llmrouter9", "zeroeval_zebra-grid", "zeroeval_math-l5")
OURS, BEFORE = "ours", "before"
FOLDS = 5


def main() -> None:
    """Print one row a table, number of labels and router."""
    given = _arguments()
    print("table | labels | router | APGR | ECE\n---|---|---|---|---")
    for table in given.table or TABLES:
        base = _base(given.data, given.bases, table)
        pair = read_results(given.data)[table].of_models(REPORTED_PAIRS[table])
        judged, train = pair.of_split("val"), pair.of_split("train")
        for count in LABELS:
            if count > len(train):
                continue
            draws = given.draws if count < LABELS[-1] else max(2, given.draws // 2)
            ranks, errors = _drawn(base, train, judged, (count, draws))
            for router, found in ranks.items():
                ece = f"{np.mean(errors):.3f}" if router == OURS else ""
                print(f"{table} | {count} | {router} | {_told(found, judged)} | {ece}", flush=True)


def _drawn(
    base: PromptClassifier, train: Results, judged: Results, plan: tuple[int, int]
) -> tuple[dict[str, Floats], list[float]]:
    """Return router -> ranks [draws, n], and the calibration errors of ours."""
    count, draws = plan
    ranks: dict[str, list[Floats]] = {}
    errors = []
    before = Foreseen.by(base, judged).ranks(0, 1)
    for seed in range(draws):
        picked = np.random.default_rng(seed).choice(len(train), count, replace=False)
        labels = train.rows(picked)
        chances = _ours(base, labels, judged)
        ranks.setdefault(OURS, []).append(chances[:, 1] - chances[:, 0])
        ranks.setdefault(BEFORE, []).append(before)
        for column in (0, 1):
            scores = judged.scores[:, column]
            errors.append(expected_calibration_error(chances[:, column], scores))
        for name, found in expected_scores(labels, judged, partial(embeddings, base)).items():
            ranks.setdefault(name, []).append(found[:, 1] - found[:, 0])
    return {name: np.array(rows) for name, rows in ranks.items()}, errors


def _ours(base: PromptClassifier, labels: Results, judged: Results) -> Floats:
    model = base.extras.responses
    assert model is not None
    traits, latents = encoded(base, model, labels.texts)
    basis = Basis.of(traits, 0)
    known = known_as(base, labels.models)
    start = Start(model.abilities, tuple(known.get(name) for name in labels.models))
    groups = near_duplicate_groups(labels.texts)
    found = adapt(start, Labels(latents, basis.rows, labels.scores, groups), FOLDS, 0)
    asked, there = encoded(base, model, judged.texts)
    directions = asked.products(basis.landmarks) @ basis.mixing
    return found.chances(Labels(there, directions, judged.scores, np.arange(len(judged))))


def _told(ranks: Floats, judged: Results, rounds: int = 1000) -> str:
    weak, strong = judged.scores[:, 0], judged.scores[:, 1]
    draw = np.random.default_rng(0)

    def mean(draws: NDArray[np.int64], rows: NDArray[np.int64]) -> float:
        values = {each: apgr(ranks[each][rows], weak[rows], strong[rows]) for each in set(draws)}
        return float(np.mean([values[each] for each in draws]))

    everything = np.arange(len(ranks)), np.arange(len(judged))
    samples = []
    for _ in range(rounds):
        picked = (
            draw.integers(0, len(ranks), len(ranks)),
            draw.integers(0, len(judged), len(judged)),
        )
        if strong[picked[1]].mean() > weak[picked[1]].mean():
            samples.append(mean(*picked))
    low, high = np.percentile(samples, [2.5, 97.5])
    return f"{mean(*everything):.3f} [{low:.3f}, {high:.3f}]"


def _base(data: Path, bases: Path, table: str) -> PromptClassifier:
    """The shipped classifier, its models and complexity learned again without one table."""
    folder = bases / table
    if not (folder / "manifest.json").is_file():
        print(f"training without {table} ...", file=sys.stderr)
        shipped = PromptClassifier.load()
        model = train_responses(_without(read_responses(data, SEED), table), shipped.encoder, SEED)
        kept = [e for e in complexity_examples(data, SEED) if e.source != table]
        heads = dict(shipped.heads)
        for name in (names.COMPLEXITY, names.COMPLEXITY_SURFACE):
            heads[name] = train_head(name, kept, shipped.encoder)
        facts: Mapping[str, float] = {"mean_complexity": shipped.manifest.body["mean_complexity"]}
        save(folder, shipped.encoder, heads, facts, Extras(model, shipped.extras.novelty))
    return PromptClassifier.load(folder)


def _without(responses: Responses, table: str) -> Responses:
    kept = responses.sources != table
    blocks = subset(responses, kept)
    left = sorted({int(model) for block in blocks for model in block.models})
    number = {model: place for place, model in enumerate(left)}
    return Responses(
        tuple(text for text, inside in zip(responses.texts, kept, strict=True) if inside),
        responses.splits[kept],
        responses.sources[kept],
        responses.groups[kept],
        tuple(responses.names[model] for model in left),
        tuple(
            replace(block, models=np.array([number[int(each)] for each in block.models]))
            for block in blocks
        ),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared tables")
    parser.add_argument("--bases", type=Path, default=Path("adaptation-bases"))
    parser.add_argument("--table", action="append", help=f"one of {', '.join(TABLES)}")
    parser.add_argument("--draws", type=int, default=6, help="of labels, for each number of them")
    return parser.parse_args()


if __name__ == "__main__":
    main()
