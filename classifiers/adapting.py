"""From a classifier and a table of labels to an adapted classifier, and how it fared held back.

Every forecast that it is judged by comes from a model that learned neither the prompt nor a
near-duplicate of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifiers.ability import Abilities
from classifiers.adaptation import Adapted, Labels, Start, adapt
from classifiers.adaptation_basis import Basis, Traits
from classifiers.base import FloatArray, IntArray
from classifiers.encoder import FULL
from classifiers.errors import DataError
from classifiers.held_out import HeldOut
from classifiers.latents import Latents
from classifiers.near_duplicates import grouped_folds, near_duplicate_groups
from classifiers.predictions import BATCH, known_as
from classifiers.prompt_classifier import FAMILIAR, PromptClassifier
from classifiers.response_model import ResponseModel
from classifiers.results import Results

Floats = NDArray[np.float64]
Told = Callable[[str], None]
FEWEST = 20
"""Labels that a model must have."""
FEWEST_GROUPS = 10
"""Prompts that differ from one another, so that some can be held back."""
MOST_LATENTS = 8
"""Extra latents; more models than that share those."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An adapted classifier before it is written.

    Attributes:
        responses: its response model.
        held_out: what was foreseen of each prompt while it was held back.
        table: the labels that it learned from; groups: [n], near-duplicates share one.
        names: the table's models, as the classifier knows them.
    """

    responses: ResponseModel
    held_out: HeldOut
    table: Results
    groups: IntArray
    names: tuple[str, ...]


def adapted_from(
    base: PromptClassifier, table: Results, folds: int, seed: int, tell: Told = lambda step: None
) -> Candidate:
    """Learn the table's models. `tell` hears each step before it is taken.

    Raises DataError for a base that cannot be adapted, too few labels or too few distinct prompts.
    """
    model = _response_model(base)
    table = _enough(_to_learn(table))
    tell("looking for near-duplicates")
    groups = near_duplicate_groups(table.texts)
    if len(np.unique(groups)) < max(FEWEST_GROUPS, folds):
        raise DataError(
            f"the prompts are near-duplicates of {len(np.unique(groups))}; at least"
            f" {max(FEWEST_GROUPS, folds)} that differ are needed"
        )
    tell("reading prompts")
    traits, latents = encoded(base, model, table.texts)
    basis = Basis.of(traits, seed)
    labels = Labels(latents, basis.rows, table.scores, groups)
    known = known_as(base, table.models)
    names = _names(table.models, known)
    start = Start(model.abilities, tuple(known.get(name) for name in table.models))
    chances = _held_back(start, labels, folds, seed, tell)
    tell("learning from all labels")
    found = adapt(start, labels, folds, seed)
    responses = extended(model, names, found, basis)
    return Candidate(responses, HeldOut.of(names, table.texts, chances), table, groups, names)


def steps(folds: int) -> int:
    """Return how many steps `adapted_from` tells of."""
    return folds + 3


def _response_model(base: PromptClassifier) -> ResponseModel:
    if base.extras.responses is None:
        raise DataError(
            f"classifier {base.manifest.version} knows no models, so that none can be added; start"
            " from the shipped one: --start-from pretrained"
        )
    if base.manifest.body.get("adapted"):
        raise DataError(
            f"classifier {base.manifest.version} is itself adapted and has seen labels of its own;"
            " start from what it started from, with its labels and the new ones in one table"
        )
    return base.extras.responses


def _to_learn(table: Results) -> Results:
    """Return the prompts of split `train` where the table says so, else all."""
    if table.drawn:
        return table
    kept = table.of_split("train")
    if len(kept) == 0:
        raise DataError("no prompt is of split 'train'; leave `split` out to learn from all")
    return kept


def _enough(table: Results) -> Results:
    counts = (~np.isnan(table.scores)).sum(axis=0)
    few = [
        f"{name} has {count}"
        for name, count in zip(table.models, counts, strict=True)
        if count < FEWEST
    ]
    if few:
        raise DataError(
            f"every model needs {FEWEST} labels or more: {', '.join(few)}; add labels or leave out"
            " that model's rows"
        )
    return table


def _names(models: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the classifier will call the table's models. Raises DataError for two of one
    name."""
    names = tuple(known.get(model, model) for model in models)
    for model, name in zip(models, names, strict=True):
        others = [one for one, other in zip(models, names, strict=True) if other == name != one]
        if others and model != others[0]:
            raise DataError(f"{model} and {others[0]} are both known as {name}; give both one name")
    return names


def encoded(
    base: PromptClassifier, model: ResponseModel, texts: Sequence[str]
) -> tuple[Traits, Floats]:
    """Return traits and latents [n, k] of n texts."""
    traits, latents = [], []
    for first in range(0, len(texts), BATCH):
        views = base.encoder.encode(texts[first : first + BATCH])
        familiar: FloatArray = base.heads[FAMILIAR].predict_proba(views[FULL])[:, 1]
        trust = np.asarray(model.share * familiar, dtype=np.float32)
        traits.append(Traits.of(views, trust, base.encoder.embedder.dimensions))
        latents.append(model.transform(views, familiar))
    return Traits.joined(traits), np.concatenate(latents).astype(np.float64)


def _held_back(start: Start, labels: Labels, folds: int, seed: int, tell: Told) -> Floats:
    """Return chances [n, m] by models that learned without the prompt's fold."""
    chances = np.zeros(labels.scores.shape)
    # Not the folds that strengths are weighed by: those are drawn anew inside each part.
    fold = grouped_folds(labels.groups, folds, seed + 1)
    for each in range(folds):
        tell(f"fold {each + 1} of {folds}")
        inside, outside = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        if len(inside):
            found = adapt(start, labels.rows(outside), folds, seed)
            chances[inside] = found.chances(labels.rows(inside))
    return chances


def extended(
    model: ResponseModel, names: Sequence[str], found: Adapted, basis: Basis
) -> ResponseModel:
    """Return a response model in which the named models are as found, and all others as before.

    Residuals become latents that all other models have loading 0 for.
    """
    weights, extra = _extra_latents(found.residuals)
    words, shape = basis.coefficients(weights)
    added = Latents.of(words, shape, len(model.latents.coef))
    old = model.latents
    latents = Latents(
        np.concatenate([old.coef, added.coef], axis=1),
        np.concatenate([old.sparse_coef, added.sparse_coef], axis=1),
        np.concatenate([old.sparse_scale, added.sparse_scale]),
        np.concatenate([old.shape_coef, added.shape_coef], axis=1),
    )
    loadings = np.concatenate([found.loadings, extra], axis=1)
    return replace(
        model,
        latents=latents,
        abilities=_with(model.abilities.widened(extra.shape[1]), names, found.levels, loadings),
    )


def _extra_latents(residuals: Floats) -> tuple[Floats, Floats]:
    """Return weights [r, q] of the extra latents and loadings [m, q]: one latent a model whose
    loading is 1, or of many models the strongest that they share."""
    used = np.flatnonzero(np.abs(residuals).max(axis=0, initial=0) > 0)
    if len(used) <= MOST_LATENTS:
        return residuals[:, used], np.eye(residuals.shape[1])[:, used]
    left, sizes, right = np.linalg.svd(residuals, full_matrices=False)
    kept = slice(0, MOST_LATENTS)
    return left[:, kept] * sizes[kept], right[kept].T


def _with(
    abilities: Abilities, names: Sequence[str], levels: Floats, loadings: Floats
) -> Abilities:
    """Return abilities in which these models are new or replaced."""
    rows = {
        name: (abilities.levels[at], abilities.loadings[at])
        for at, name in enumerate(abilities.names)
    }
    rows.update(zip(names, zip(levels, loadings, strict=True), strict=True))
    ordered = tuple(sorted(rows))
    return replace(
        abilities,
        names=ordered,
        levels=np.array([rows[name][0] for name in ordered], dtype=np.float32),
        loadings=np.array([rows[name][1] for name in ordered], dtype=np.float32),
    )
