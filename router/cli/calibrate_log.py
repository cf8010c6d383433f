"""Calibration on the decision log: what other thresholds would have done, from explored choices."""

import time
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite

import numpy as np

from router.cli.calibrate_report import Job, Made, data_hash, percent
from router.core.decide import preferences
from router.core.feedback import Judged
from router.errors import StartupError
from router.evidence import off_policy
from router.evidence.bounds import Floats
from router.evidence.calibration import Trial
from router.evidence.off_policy import Logged
from router.evidence.thresholds import route_of
from router.settings import Settings
from router.stores.sqlite_reader import DecisionReader

SHARES = (0.05, 0.1, 0.2, 0.3)
"""Shares of exploration that a plan is made for."""


NO_PLAN = (
    "By the router's own predictions no exploration would help: whatever saves breaks the promise,"
    " or is asked only below the threshold in force. Label prompts and give them as --data."
)


def logged_trial(job: Job) -> Made:
    """What each threshold would have done to the logged requests of the rule.

    Without enough exploration there is no trial, but a plan. Raises StartupError without a log.
    """
    rows, notes = _rows(job)
    thresholds = job.place.grid(job.promise.starts_cheap)
    log = off_policy.logged(rows, job.loaded.policy, job.place, thresholds)
    made = Made(
        trial=None,
        labels=f"{len(rows)} decisions by rule {job.place.rule} in {Settings().decision_log}",
        scope="rule",
        artifact=_artifact(job),
        data=data_hash(f"{row.decision} {row.score if row.feedback else ''}" for row in rows),
        notes=notes,
    )
    if job.promise.kind != "quality":
        return replace(made, trial=_spending(job, log))
    large = job.large if job.promise.of else None
    known = off_policy.supported(log, log.drawn, large)
    plans = tuple(_plans(job, rows, log, large)) or (NO_PLAN,)
    if not known.any():
        why = (
            "No threshold can be judged from this log: it never shows how another model would have"
            " answered, for the policy explored too little."
        )
        return replace(made, notes=(*notes, why), plans=plans)
    return replace(made, trial=_quality(job, _part(log, known), large), plans=plans)


def _part(log: Logged, known: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Logged:
    kept = np.flatnonzero(known)
    return replace(
        log, thresholds=tuple(log.thresholds[at] for at in kept), shares=log.shares[kept]
    )


def _rows(job: Job) -> tuple[list[Judged], tuple[str, ...]]:
    path = Settings().decision_log
    if not path.exists():
        raise StartupError(
            f"There is no decision log at {path}, and no --data. Give labelled prompts"
            " (docs/data.md), or serve requests and send feedback on them (docs/feedback.md)."
        )
    since = None if job.arguments.since is None else time.time() - job.arguments.since
    judges = job.promise.kind == "quality"
    found = list(_of_rule(job, DecisionReader(path).judged(since, unjudged=not judges)))
    rows = [row for row in found if not judges or row.feedback]
    kept = [row for row in rows if not job.promise.of or job.large in row.propensities]
    if not kept:
        raise StartupError(
            f"{path} holds no decision of rule {job.place.rule} of policy"
            f" {job.loaded.policy.name} that counts here"
            + (": none has feedback (docs/feedback.md)." if judges else ".")
        )
    return kept, tuple(_notes(job, rows, kept))


def _of_rule(job: Job, rows: Iterator[Judged]) -> Iterator[Judged]:
    """The rows that the calibrated rule decided in this way, with the feedback that counts."""
    kind = route_of(job.loaded.policy, job.place).strategy.kind
    sources = job.arguments.source
    for row in rows:
        same = (row.policy, row.rule, row.strategy) == (
            job.loaded.policy.name,
            job.place.rule,
            kind,
        )
        if same and row.choice is not None:
            said = tuple(one for one in row.feedback if not sources or one.source in sources)
            yield replace(row, feedback=said)


def _notes(job: Job, rows: list[Judged], kept: list[Judged]) -> Iterator[str]:
    if len(kept) < len(rows):
        yield f"{len(rows) - len(kept)} left out: {job.large} might not have served them"
    versions = len({row.policy_version for row in kept})
    if versions > 1:
        yield f"{versions} versions of the policy decided them: --since takes the latest alone"
    if any(row.simulated for row in kept):
        yield "SIMULATED answers are among them: this shows the method, not a model's quality"
    if any(one.source == "user" for row in kept for one in row.feedback):
        yield "users rate what they choose to: the promise is for requests like those they rated"


def _artifact(job: Job) -> str | None:
    from router.classifier import Classifiers, stated_version

    folder = job.arguments.artifact or Classifiers(Settings().artifact).folder_of(job.loaded)
    return stated_version(folder)


def _quality(job: Job, log: Logged, large: str | None) -> Trial:
    losses, bounds = off_policy.losses(log, job.promise, large)
    figures = off_policy.quality_figures(log, job.promise, large)
    return _trial(job, log, losses, bounds, figures)


def _spending(job: Job, log: Logged) -> Trial:
    achieved = _costs(log)
    if job.promise.kind == "large_share":
        achieved = _share(log, job.large)
    elif np.isnan(achieved).any():
        raise StartupError("Not every model has a price: a budget cannot be promised.")
    promise = job.promise
    return _trial(job, log, promise.losses(achieved), promise.bounds, promise.figure(achieved))


def _trial(
    job: Job, log: Logged, losses: Floats, bounds: tuple[float, float], figures: Floats
) -> Trial:
    share, costs = _share(log, job.large).mean(axis=-1), _costs(log).mean(axis=-1)
    # Where a model has no price, cheap means few requests to the large one.
    spent = share if np.isnan(costs).any() else costs
    return Trial(job.promise, log.thresholds, losses, bounds, figures, spent, share)


def _costs(log: Logged) -> Floats:
    """What each threshold was expected to spend, in US dollars [T, n]; NaN without a price."""
    wanted = log.shares > 0
    priced = np.where(wanted, log.expected_usd, 0.0)
    return np.asarray((log.shares * priced).sum(axis=-1))


def _share(log: Logged, large: str) -> Floats:
    if large not in log.models:
        return np.zeros(log.shares.shape[:2])
    return log.shares[:, :, log.models.index(large)]


def _plans(job: Job, rows: list[Judged], log: Logged, large: str | None) -> Iterator[str]:
    """How many judged requests it takes at other shares of exploration."""
    route = route_of(job.loaded.policy, job.place)
    error = 1 - job.arguments.confidence
    saves = _share(log, job.large).mean(axis=-1) < 1
    for explore in SHARES:
        drawn = np.zeros_like(log.drawn)
        for at, row in enumerate(rows):
            for model, share in preferences(route, row.candidates, row.signals, explore).items():
                drawn[at, log.models.index(model)] = share
        needed = off_policy.requests_needed(log, drawn, job.promise, large, error)
        fewest = min(
            (float(n) for n, saving in zip(needed, saves, strict=True) if saving), default=np.inf
        )
        if isfinite(fewest):
            yield (
                f"With `explore: {explore:g}` in the policy ({percent(explore)} drawn at random)"
                f" about {round(fewest, -2):,.0f} judged requests would do."
            )
