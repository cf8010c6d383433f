"""A router between a small and a large model, measured beside the baselines on held-back prompts.

The cost axis is dollars where every answer's cost is known, else the share of calls that go to
the large model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from classifiers import curves
from classifiers.baselines import TFIDF, Floats, expected_scores, prompt_lengths
from classifiers.curves import Bin, Estimate
from classifiers.errors import DataError
from classifiers.flips import flip_rates
from classifiers.predictions import complexities, embeddings, known_as, predicted_scores
from classifiers.prompt_classifier import PromptClassifier
from classifiers.results import Results

OURS, COMPLEXITY, ORACLE, RANDOM, LENGTH = (
    "ours",
    "ours, complexity alone",
    "oracle",
    "random",
    "prompt length",
)
SMALL, LARGE = "always small", "always large"
APGR, CPT50, CPT80, AIQ, ROOM, HALF = (
    "APGR",
    "CPT(50)",
    "CPT(80)",
    "AIQ",
    "oracle's room",
    "quality at 50 % calls",
)
FIGURES = (APGR, CPT50, CPT80, AIQ, ROOM, HALF)
_POINTS = 51


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was foreseen against what came true."""

    what: str
    bins: list[Bin]
    ece: Estimate


@dataclass(frozen=True, slots=True)
class PairReport:
    """One pair of models on one dataset.

    Attributes:
        curves: router -> [(cost, quality), ...] over the whole sweep.
        figures: router -> figure -> estimate.
        leads: baseline -> APGR of ours less its, over the same resamples.
        flips: perturbation -> share of prompts whose decision it changes.
        notes: what a reader must know about this table.
    """

    dataset: str
    small: str
    large: str
    n: int
    n_train: int
    cost_unit: str
    figures: dict[str, dict[str, Estimate]]
    leads: dict[str, Estimate]
    curves: dict[str, list[tuple[float, float]]]
    calibration: list[Calibration]
    flips: dict[str, Estimate]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pair:
    """Scores and costs of both models on n prompts."""

    weak: Floats
    strong: Floats
    weak_cost: Floats
    strong_cost: Floats

    @classmethod
    def of(cls, results: Results) -> Pair:
        """Read results of two models, the small one first; unknown costs become 0 and 1."""
        costs = results.costs
        if np.isnan(costs).any() or costs[:, 1].mean() <= costs[:, 0].mean():
            costs = np.tile([0.0, 1.0], (len(results), 1))
        return cls(results.scores[:, 0], results.scores[:, 1], costs[:, 0], costs[:, 1])

    def rows(self, kept: NDArray[np.int64]) -> Pair:
        """Return the chosen prompts."""
        return Pair(
            self.weak[kept], self.strong[kept], self.weak_cost[kept], self.strong_cost[kept]
        )

    def curve(self, scores: Floats) -> tuple[Floats, Floats]:
        """Return (mean cost, mean quality) over the sweep of a router's threshold."""
        _, quality = curves.gain_curve(scores, self.weak, self.strong)
        _, cost = curves.gain_curve(scores, self.weak_cost, self.strong_cost)
        return self.weak_cost.mean() + cost, self.weak.mean() + quality

    def figures(self, scores: Floats, oracle: float) -> dict[str, float]:
        """Return every figure of one router; `oracle` is the oracle's APGR here."""
        share, gain = curves.gain_curve(scores, self.weak, self.strong)
        cost, quality = self.curve(scores)
        found = curves.area_recovered(share, gain)
        low, high = self.weak_cost.mean(), self.strong_cost.mean()
        return {
            APGR: found,
            CPT50: curves.share_recovering(share, gain, 0.5),
            CPT80: curves.share_recovering(share, gain, 0.8),
            AIQ: curves.aiq(cost, quality, low, high),
            ROOM: curves.room(found, oracle),
            HALF: float(np.interp(0.5, share, self.weak.mean() + gain)),
        }

    def fixed(self) -> dict[tuple[str, str], float]:
        """Return the figures of always calling one of the two."""
        return {
            (SMALL, HALF): float(self.weak.mean()),
            (LARGE, HALF): float(self.strong.mean()),
            (SMALL, AIQ): float(self.weak.mean()),
        }


def evaluate_pair(
    table: Results,
    models: tuple[str, str],
    classifier: PromptClassifier,
    split: str = "val",
    rounds: int = 1000,
    seed: int = 0,
) -> PairReport:
    """Measure ours and every baseline between (small, large). Intervals are of `rounds` resamples.

    Raises DataError for unknown models, an empty split, or a large model that is not better.
    """
    both = table.of_models(models)
    judged, train = both.of_split(split), both.of_split("train" if split != "train" else "")
    if len(judged) == 0:
        raise DataError(f"{table.dataset}: no prompt of split {split!r} has both scores")
    pair = Pair.of(judged)
    if pair.strong.mean() <= pair.weak.mean():
        raise DataError(
            f"{table.dataset}: {models[1]} ({pair.strong.mean():.3f}) is not better than"
            f" {models[0]} ({pair.weak.mean():.3f}): there is no gap to recover"
        )
    routers = _routers(train, judged, classifier, pair)
    found = curves.bootstrap_many(partial(_measured, pair, routers), len(judged), rounds, seed)
    priced = bool(pair.strong_cost.max() != 1.0 or pair.weak_cost.any())
    return PairReport(
        dataset=table.dataset,
        small=models[0],
        large=models[1],
        n=len(judged),
        n_train=len(train),
        cost_unit="USD a prompt" if priced else "share of calls to the large model",
        figures=_by_router(found),
        leads={name: value for (kind, name), value in found.items() if kind == "lead"},
        curves={name: _thinned(*pair.curve(scores)) for name, scores in routers.items()},
        calibration=_calibration(judged, classifier, pair, rounds, seed),
        flips=flip_rates(partial(_wants, classifier, judged.models), judged.texts, rounds, seed),
        notes=_notes(train, routers),
    )


def _notes(train: Results, routers: Mapping[str, Floats]) -> list[str]:
    if len(train) == 0:
        return ["No train rows: baselines that learn are left out."]
    if TFIDF not in routers:
        return ['TF-IDF + ridge is left out: pip install "slm-router[train]".']
    return []


def _routers(
    train: Results, judged: Results, classifier: PromptClassifier, pair: Pair
) -> dict[str, Floats]:
    """Return router -> how much each prompt wants the large model, ours first."""
    texts = judged.texts
    found: dict[str, Floats] = {}
    found[OURS] = _wants(classifier, judged.models, texts)
    if len(known_as(classifier, judged.models)) == len(judged.models):
        found[COMPLEXITY] = complexities(classifier, texts)
    learned = expected_scores(train, judged, partial(embeddings, classifier))
    found.update({name: scores[:, 1] - scores[:, 0] for name, scores in learned.items()})
    found[LENGTH] = prompt_lengths(texts)
    found[RANDOM] = np.zeros(len(texts))
    found[ORACLE] = pair.strong - pair.weak
    return found


def _wants(classifier: PromptClassifier, models: Sequence[str], texts: Sequence[str]) -> Floats:
    """Return the foreseen gap [n] where both models are known, else the complexity."""
    foreseen = predicted_scores(classifier, texts, models)
    if foreseen is None or np.isnan(foreseen).any():
        return complexities(classifier, texts)
    return foreseen[:, 1] - foreseen[:, 0]


def _measured(
    pair: Pair, routers: Mapping[str, Floats], kept: NDArray[np.int64]
) -> dict[tuple[str, str], float]:
    """Return (router, figure) -> value on some prompts; NaN where there is no gap."""
    part = pair.rows(kept)
    found = part.fixed()
    try:
        oracle = curves.apgr(part.strong - part.weak, part.weak, part.strong)
        for name, scores in routers.items():
            for figure, value in part.figures(scores[kept], oracle).items():
                found[name, figure] = value
    except ValueError:
        found.update({(name, figure): np.nan for name in routers for figure in FIGURES})
    ours = found[OURS, APGR]
    found.update({("lead", name): ours - found[name, APGR] for name in routers if name != OURS})
    return found


def _by_router(found: Mapping[tuple[str, str], Estimate]) -> dict[str, dict[str, Estimate]]:
    rows: dict[str, dict[str, Estimate]] = {}
    for (router, figure), value in found.items():
        if router != "lead":
            rows.setdefault(router, {})[figure] = value
    fixed = {name: rows.pop(name) for name in (SMALL, LARGE)}
    last = {ORACLE: rows.pop(ORACLE)}
    return {**rows, **fixed, **last}


def _thinned(cost: Floats, quality: Floats) -> list[tuple[float, float]]:
    kept = np.unique(np.linspace(0, len(cost) - 1, _POINTS).round().astype(int))
    return [(float(cost[at]), float(quality[at])) for at in kept]


def _calibration(
    judged: Results, classifier: PromptClassifier, pair: Pair, rounds: int, seed: int
) -> list[Calibration]:
    """Return foreseen success of each model against its scores; complexity where none is known."""
    foreseen = predicted_scores(classifier, judged.texts, judged.models)
    told: dict[str, tuple[Floats, Floats]] = {}
    if foreseen is not None:
        for column, model in enumerate(judged.models):
            if not np.isnan(foreseen[:, column]).any():
                told[f"success of {model}"] = foreseen[:, column], judged.scores[:, column]
    falls_short = (1 - pair.weak) * pair.strong
    told["small falls short"] = complexities(classifier, judged.texts), falls_short
    return [
        Calibration(
            what,
            curves.reliability(predicted, observed),
            _interval(curves.expected_calibration_error, predicted, observed, rounds, seed),
        )
        for what, (predicted, observed) in told.items()
    ]


def _interval(
    metric: Callable[[Floats, Floats], float],
    predicted: Floats,
    observed: Floats,
    rounds: int,
    seed: int,
) -> Estimate:
    return curves.bootstrap(metric, predicted, observed, rounds=rounds, seed=seed)
