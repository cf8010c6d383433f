"""A table of results made for tests: what a prompt says decides who answers it well."""

from __future__ import annotations

import numpy as np

from classifiers.results import Results

MODELS = ("small", "large", "poet")


def made(n: int = 60, priced: bool = False) -> Results:
    """Sums are for all, proofs for `large` alone, poems for `poet` alone; half are for val.

    The longest prompts are the poems, which `large` fails like `small`.
    """
    kinds = [("sum", "What is 2 plus {}?"), ("proof", "Prove lemma {} of the theorem.")]
    kinds.append(("poem", "Write a long and gentle poem about autumn leaves, number {}, please."))
    good = {"sum": (1.0, 1.0, 1.0), "proof": (0.0, 1.0, 0.0), "poem": (0.0, 0.0, 1.0)}
    rows = [(kind, text.format(number)) for number in range(n // 3) for kind, text in kinds]
    scores = np.array([good[kind] for kind, _ in rows])
    costs = np.tile([0.1, 1.0, 0.3], (len(rows), 1)) if priced else np.full(scores.shape, np.nan)
    return Results(
        "made",
        tuple(text for _, text in rows),
        tuple(kind for kind, _ in rows),
        tuple(("train", "val")[place // 3 % 2] for place in range(len(rows))),
        MODELS,
        scores,
        costs,
    )
