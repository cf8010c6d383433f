"""Labels made for tests: two models of a made-up user, each good at kinds of its own."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from classifiers.results import Results
from classifiers.sample import FOLDER

MODELS = ("house-7b", "hired-70b")
GOOD_AT = {
    "code": 0.95,
    "maths": 0.95,
    "reasoning": 0.95,
    "facts": 0.1,
    "writing": 0.05,
    "chat": 0.05,
}
"""Chance that the small model, tuned for the user's work, answers a kind well: not what its size
says. The large one answers four of five of any kind."""


def labelled(n: int = 300, seed: int = 0) -> Results:
    """Simulated scores of n prompts of the shipped sample."""
    draw = np.random.default_rng(seed)
    rows = [json.loads(line) for line in (FOLDER / "prompts.jsonl").read_text("utf-8").splitlines()]
    picked = [rows[each] for each in draw.permutation(len(rows))[:n]]
    chances = np.array([[GOOD_AT[row["category"]], 0.8] for row in picked])
    scores = (draw.random(chances.shape) < chances).astype(float)
    return Results(
        "made",
        tuple(row["prompt"] for row in picked),
        tuple(row["category"] for row in picked),
        ("train",) * n,
        MODELS,
        scores,
        np.full(scores.shape, np.nan),
        drawn=True,
    )


def write_labels(path: Path, table: Results) -> Path:
    """Write prompt, model and score as CSV; returns the path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["prompt", "model", "score"])
        for text, scores in zip(table.texts, table.scores, strict=True):
            for model, score in zip(table.models, scores, strict=True):
                if not np.isnan(score):
                    rows.writerow([text, model, score])
    return path
