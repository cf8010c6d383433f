"""How often a decision changes when a prompt is said a little differently.

Decided is at the median of what the router says of the prompts as they are, where half of the
calls go to the large model: nowhere is a decision less stable.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from classifiers import curves
from classifiers.baselines import Floats
from classifiers.curves import Estimate
from classifiers.perturbed import PERTURBATIONS

ALL = "all"


def flip_rates(
    wants: Callable[[Sequence[str]], Floats], texts: Sequence[str], rounds: int, seed: int
) -> dict[str, Estimate]:
    """Return perturbation -> share of prompts that change sides of the median, and over all.

    `wants` gives how much each text wants the large model [n]; intervals are over prompts.
    """
    before = wants(texts)
    threshold = float(np.median(before))
    flipped: dict[str, Floats] = {}
    for name, change in PERTURBATIONS.items():
        draw = random.Random(seed)
        after = wants([change(text, draw) for text in texts])
        flipped[name] = ((after > threshold) != (before > threshold)).astype(np.float64)
    flipped[ALL] = np.mean(list(flipped.values()), axis=0)
    return {
        name: curves.bootstrap(lambda row: float(row.mean()), rows, rounds=rounds, seed=seed)
        for name, rows in flipped.items()
    }
