"""Calibration on labelled prompts: where the policy sends each, held against the models' scores."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from router.cli.calibrate_report import Job, Made, data_hash
from router.cli.classify import open_classifier
from router.cli.deciding import decider
from router.core.catalog import AUTO, ModelCard
from router.core.policy import signals_read
from router.core.request import RoutedRequest, Turn
from router.errors import StartupError
from router.evidence.bounds import Floats
from router.evidence.calibration import Trial
from router.evidence.thresholds import Asked, Routes, of_rows, routes
from router.signals import build

if TYPE_CHECKING:
    from classifiers.prompt_classifier import PromptClassifier
    from classifiers.results import Results
    from router.policyfile import LoadedPolicy

TOGETHER = 128
"""Prompts whose signals are extracted at once: fewer than a learned signal lets wait."""

PATIENCE_S = 60.0
"""A prompt that waits for the classifier here keeps no caller waiting."""

ALL = "all"


@dataclass(frozen=True, slots=True)
class _Labels:
    """Scores and costs in US dollars [n, m] over the catalog's models; NaN where not known."""

    texts: tuple[str, ...]
    scores: Floats
    costs: Floats

    def rows(self, kept: NDArray[np.int64]) -> "_Labels":
        """The chosen prompts."""
        return _Labels(tuple(self.texts[row] for row in kept), self.scores[kept], self.costs[kept])


def labelled_trial(job: Job) -> Made:
    """What each threshold does to the labelled prompts. Raises StartupError for what is missing."""
    labels = _labels(job)
    folder = job.arguments.artifact or _folder_of(job.loaded)
    classifier = open_classifier(folder, None)
    given = len(labels.texts)
    labels = _untaught(job, labels, classifier)
    asked = asyncio.run(_asked(labels.texts, job.loaded, classifier))
    thresholds = job.place.grid(job.promise.starts_cheap)
    found = routes(asked, job.loaded.policy, job.loaded.catalog, job.place, thresholds)
    kept = _complete(job, labels, found)
    notes = []
    if len(labels.texts) < given:
        notes.append(f"{given - len(labels.texts)} prompts left out: they taught this classifier")
    if len(kept) < len(labels.texts):
        lost = len(labels.texts) - len(kept)
        notes.append(f"{lost} prompts left out: no model may serve them, or a score is missing")
    others = int((~found.ours[kept]).sum())
    if others:
        notes.append(f"{others} of {len(kept)} prompts are decided by other rules, and count too")
    labels = labels.rows(kept)
    trial, more = _trial(job, labels, of_rows(found, kept))
    return Made(
        trial=trial,
        labels=f"{trial.n} prompts of {job.arguments.data}",
        scope="policy",
        artifact=classifier.manifest.version,
        data=data_hash((*labels.texts, labels.scores.tobytes())),
        notes=(*notes, *more),
    )


def _labels(job: Job) -> _Labels:
    from classifiers.errors import ClassifierError

    try:
        results = _results(job)
    except ClassifierError as error:
        raise StartupError(str(error)) from error
    models = job.loaded.catalog.models
    scores = np.full((len(results), len(models)), np.nan)
    costs = scores.copy()
    for number, (name, card) in enumerate(models.items()):
        column = _column(results, name, card, job.aliases.get(name))
        if column is not None:
            scores[:, number] = results.scores[:, column]
            costs[:, number] = results.costs[:, column]
    # Bets are placed one after the other: in an order that says nothing of the scores.
    order = sorted(range(len(results)), key=lambda row: _digest(results.texts[row]))
    return _Labels(tuple(results.texts[row] for row in order), scores[order], costs[order])


def _untaught(job: Job, labels: _Labels, classifier: "PromptClassifier") -> _Labels:
    """The prompts that may vouch for a classifier: none that it learned from."""
    from classifiers.predictions import taught_by

    kept = np.flatnonzero(~taught_by(classifier, labels.texts))
    if labels.texts and not len(kept):
        raise StartupError(
            f"All {len(labels.texts)} prompts of {job.arguments.data} taught this classifier, so"
            " they cannot vouch for it. Keep some back: give the table a column split, and"
            " slm-router train learns from its train rows alone."
        )
    return labels.rows(kept)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _results(job: Job) -> "Results":
    from classifiers.results import read_results

    arguments = job.arguments
    tables = read_results(arguments.data)
    name = arguments.dataset or next(iter(tables))
    if name not in tables or (arguments.dataset is None and len(tables) > 1):
        raise StartupError(f"Choose a table with --dataset: {', '.join(tables)}.")
    table = tables[name]
    if arguments.split == ALL:
        return table
    part = table.of_split(arguments.split)
    if not len(part):
        splits = ", ".join(sorted(set(table.splits)))
        raise StartupError(
            f"{arguments.data} has no prompt of split {arguments.split!r}; there are {splits}."
        )
    return part


def _column(results: "Results", name: str, card: ModelCard, there: str | None) -> int | None:
    """The table's column of a model: under the name given, else any that its card knows."""
    known = [there] if there else [name, card.upstream_model, card.catalogue_name]
    short = [model.rpartition("/")[2] for model in results.models]
    for alias in filter(None, known):
        for form in (alias, alias.rpartition("/")[2]):
            for names in (list(results.models), short):
                if form in names:
                    return names.index(form)
    if there:
        raise StartupError(f"The data has no model {there!r}; it has {', '.join(results.models)}.")
    return None


def _folder_of(loaded: "LoadedPolicy") -> Path | None:
    from router.classifier import Classifiers
    from router.settings import Settings

    return Classifiers(Settings().artifact).folder_of(loaded)


async def _asked(
    texts: Sequence[str], loaded: "LoadedPolicy", classifier: "PromptClassifier"
) -> list[Asked]:
    """Every prompt with the signals that the policy reads, extracted by the gateway itself."""
    from router.classifier import foreseeing
    from router.identifier import shipped_identifier

    learned = loaded.options["learned"].model_copy(update={"timeout": PATIENCE_S})
    patient = replace(loaded, options={**loaded.options, "learned": learned})
    judging = foreseeing(classifier, loaded)
    gateway = decider({loaded.policy.name: patient}, lambda _: judging)
    name, in_force = loaded.policy.name, gateway.default
    read = build(signals_read(loaded.policy), patient.options, judging, shipped_identifier())
    gateway = replace(gateway, policies={name: replace(in_force, signals=read)})
    found: list[Asked] = []
    for start in range(0, len(texts), TOGETHER):
        requests = [RoutedRequest(AUTO, (Turn("user", t),)) for t in texts[start:][:TOGETHER]]
        routed = await asyncio.gather(*(gateway.route(one, "calibrate") for one in requests))
        found += (Asked(one.request, one.signals) for one in routed)
    return found


def _complete(job: Job, labels: _Labels, found: Routes) -> NDArray[np.int64]:
    """The prompts that some model may serve, with a score of each model that may get them."""
    wanted = found.shares.max(axis=0) > 0
    served = wanted.any(axis=1)
    if job.promise.kind != "quality":
        return np.flatnonzero(served)
    if job.promise.of is not None:
        wanted[:, found.models.index(job.large)] = True
    for number, model in enumerate(found.models):
        if wanted[:, number].any() and np.isnan(labels.scores[:, number]).all():
            raise StartupError(
                f"{job.loaded.path} sends up to {int(wanted[:, number].sum())} of"
                f" {len(labels.texts)} prompts to {model}, of which {job.arguments.data} has no"
                " score. Add its scores (docs/data.md), say under which name they stand"
                f" (--small or --large {model}=NAME), or leave it out of the policy's candidates."
            )
    whole = served & ~(wanted & np.isnan(labels.scores)).any(axis=1)
    if not whole.any():
        raise StartupError("No prompt has the scores of all models that the policy may send it to.")
    return np.flatnonzero(whole)


def _trial(job: Job, labels: _Labels, found: Routes) -> tuple[Trial, tuple[str, ...]]:
    shares, large = found.shares, found.shares[:, :, found.models.index(job.large)]
    costs, note = _costs(job, labels, found)
    reference = None
    if job.promise.kind == "quality":
        achieved = (shares * np.nan_to_num(labels.scores)).sum(axis=-1)
        if job.promise.of is not None:
            reference = labels.scores[:, found.models.index(job.large)]
    else:
        achieved = large if job.promise.kind == "large_share" else costs
    trial = Trial(
        promise=job.promise,
        thresholds=found.thresholds,
        losses=job.promise.losses(achieved, reference),
        bounds=job.promise.bounds,
        figures=job.promise.figure(achieved, reference),
        costs=costs.mean(axis=-1),
        large=large.mean(axis=-1),
    )
    return trial, (note,)


def _costs(job: Job, labels: _Labels, found: Routes) -> tuple[Floats, str]:
    """The cost [T, n] of each prompt in US dollars, else whether it goes to the large model."""
    wanted = found.shares.max(axis=0) > 0
    for name, costs in (("measured", labels.costs), ("expected", found.expected_usd)):
        if not np.isnan(costs[wanted]).any():
            spent = (found.shares * np.nan_to_num(costs)).sum(axis=-1)
            return spent, f"costs are as {name} by the {'data' if name == 'measured' else 'router'}"
    if job.promise.kind == "budget":
        raise StartupError(
            "Not every model has a price: a budget cannot be promised. Give the catalog's cards"
            " a price, or the data a cost_usd."
        )
    large = found.shares[:, :, found.models.index(job.large)]
    return large, f"not every model has a price: cheap means few requests to {job.large}"
