"""How often the shipped classifier abstains, by what it is asked: the table in docs/signals.md.

python -m tests.benchmarks.measure_abstain ../shared/data
"""

from __future__ import annotations

import json
import random
import string
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from classifiers import curves
from classifiers.dataset import complexity_examples, read_table
from classifiers.encoder import SURFACE
from classifiers.predictions import judgements
from classifiers.prompt_classifier import COMPLEXITY_SURFACE, PromptClassifier

ROOT = Path(__file__).parents[2]
TWICE_AS_EASY = -0.7
"""The difficulty below which the default policy trusts the shape of what is abstained from."""

SURE = 0.1
SEED = 20240611


def groups(data: Path) -> Mapping[str, list[str]]:
    """Texts by what they are, as they stand in the table."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in read_table(data / "prompts.parquet"):
        if row["split"] == "val":
            found[f"val {row['dataset']}"].append(row["prompt"])
    for name in ("intents", "tasks"):
        rows = read_table(data / f"{name}.parquet")
        found[f"val {name}"] = [row["prompt"] for row in rows if row["split"] == "val"]
    for row in read_table(data / "language.parquet"):
        if row["split"] == "val":
            tongue = "English" if row["lang"] == "en" else "74 others"
            found[f"{row['kind']}, {tongue}"].append(row["text"])
    for line in (ROOT / "deploy/demo/prompts.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        tongue = "en" if row["language"] == "en" else "de es fr ru zh"
        found[f"demo {tongue}, {row['difficulty']}"].append(row["messages"][-1]["content"])
    found["Python files of this project"] = [
        path.read_text("utf-8")[:1500] for path in sorted((ROOT / "router").rglob("*.py"))
    ]
    found["random letters"] = _letters()
    found["no text"] = [""]
    return found


def _letters() -> list[str]:
    draw = random.Random(SEED)
    return [
        " ".join(
            "".join(draw.choices(string.ascii_lowercase, k=draw.randint(3, 10)))
            for _ in range(draw.randint(2, 12))
        )
        for _ in range(300)
    ]


def shape_alone(classifier: PromptClassifier, data: Path) -> None:
    """Print the gap measured on val prompts whose shape alone says that they are easy."""
    examples = [
        e
        for e in complexity_examples(data, SEED)
        if e.split == "val" and e.source not in ("intents", "authored")
    ]
    views = classifier.encoder.encode([e.text for e in examples])
    shape = classifier.heads[COMPLEXITY_SURFACE].predict_proba(views[SURFACE])[:, 1]
    measured = np.array([e.target for e in examples])
    for what, kept in (("sure by shape", measured[shape < SURE]), ("all", measured)):
        told = curves.bootstrap(lambda column: float(column.mean()), kept)
        print(
            f"measured gap, {what}: {told.value:.3f} [{told.low:.3f}, {told.high:.3f}] n={told.n}"
        )


def main() -> None:
    """Measure and print."""
    data, classifier = Path(sys.argv[1]), PromptClassifier.load()
    print(f"{'':34} {'n':>5} {'abstains [95 %]':>18} {'of these easy by shape':>24}")
    for name, texts in groups(data).items():
        judged = judgements(classifier, texts)
        flags = np.array([one.abstain for one in judged], dtype=float)
        easy = [one.difficulty < TWICE_AS_EASY for one in judged if one.abstain]
        told = curves.bootstrap(lambda column: float(column.mean()), flags, rounds=300)
        spread = f"{told.value:.3f} [{told.low:.2f}, {told.high:.2f}]"
        share = f"{np.mean(easy):.2f}" if easy else "-"
        print(f"{name:34} {told.n:5} {spread:>18} {share:>24}")
    shape_alone(classifier, data)


if __name__ == "__main__":
    main()
