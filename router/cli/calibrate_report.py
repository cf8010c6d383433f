"""What calibration says, and the certificate that it writes into the policy file."""

import argparse
import difflib
import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from router.core.certificate import Certificate
from router.errors import PolicyFileError, StartupError
from router.evidence.calibration import Found, Trial
from router.evidence.figure import in_percent
from router.evidence.promises import Promise
from router.evidence.thresholds import Place, with_threshold
from router.policyfile import LoadedPolicy, load, shipped_policies
from router.policyfile.editing import with_block, with_value
from router.policyfile.loaded import version_of
from router.prices import bundled
from router.signals import SIGNALS, vocabulary

KEY = "certificate"
COMMENT = "by slm-router calibrate: see docs/calibrating.md"
DATA_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be calibrated, on what. `aliases`: a model's name -> its name in the data."""

    arguments: argparse.Namespace
    loaded: LoadedPolicy
    place: Place
    promise: Promise
    large: str
    small: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """A trial with where it comes from. Without a trial `notes` say why there can be none.

    `plans` say how more could be learned, where that is a choice of the operator's.
    """

    trial: Trial | None
    labels: str
    scope: str
    artifact: str | None
    data: str
    notes: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


def data_hash(parts: Iterable[str | bytes]) -> str:
    """A hash of the labels, in their order."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part.encode("utf-8", "replace") if isinstance(part, str) else part)
        found.update(b"\0")
    return found.hexdigest()[:DATA_DIGITS]


def percent(share: float) -> str:
    """A share for people."""
    return f"{in_percent(share, 1)} %"


def tell_setting(job: Job, made: Made) -> None:
    """What is calibrated, to what, on what."""
    policy, place = job.loaded.policy, job.place
    print(f"Policy     {policy.name}@{job.loaded.version} ({job.loaded.path})")
    print(f"Threshold  {place.key} of rule {place.rule}, now {place.value:g}")
    print(f"Promise    {job.promise.text}, confidence {percent(job.arguments.confidence)}")
    print(f"Labels     {made.labels}")
    for note in made.notes:
        print(f"           {note}")
    if made.trial is None:
        for plan in made.plans:
            print(f"           {plan}")
        return
    trial = made.trial
    now = min(range(len(trial.thresholds)), key=lambda at: abs(trial.thresholds[at] - place.value))
    if trial.costs[0] != trial.costs[-1]:
        first, last = (0, -1) if not job.promise.starts_cheap else (-1, 0)
        _tell_place("dearest", job, trial, first)
        _tell_place("cheapest", job, trial, last)
    _tell_place("now", job, trial, now)


def _tell_place(word: str, job: Job, trial: Trial, place: int) -> None:
    print(
        f"  {word:<9} {job.place.key} {trial.thresholds[place]:<5g} {_figure(job, trial, place)},"
        f" {percent(float(trial.large[place]))} to {job.large}"
    )


def _figure(job: Job, trial: Trial, place: int) -> str:
    value = float(trial.figures[place])
    if job.promise.kind == "quality":
        return f"quality {value:.4f}" + (f" of {job.large}" if job.promise.of else "")
    if job.promise.kind == "budget":
        return f"{value:.4g} USD per 1,000"
    return f"share {value:.4f}"


def tell_shortfall(job: Job, made: Made, found: Found) -> None:
    """Why nothing is certified, and what would help."""
    trial = made.trial
    assert trial is not None
    at = trial.thresholds[found.aimed_at]
    observed = _figure(job, trial, found.aimed_at)
    if found.needed is None:
        print(
            f"\nThe promise is not kept on these data at any threshold that saves anything: nearest"
            f" comes {job.place.key} {at:g} with {observed}. More labels of the same kind would"
            " not help; a lower target, a better classifier or better models would."
        )
    else:
        print(
            f"\nNot enough labels: about {found.needed - trial.n:,} more (n={trial.n:,}, about"
            f" {found.needed:,} in all) would certify {job.place.key} {at:g}, if it goes on as"
            f" observed ({observed})."
        )
    for plan in made.plans:
        print(plan)
    print(f"{job.loaded.path} is unchanged.")


def certify(job: Job, made: Made, found: Found) -> int:
    """Tell what is certified and write it into the policy's file, or print the change."""
    trial, place = made.trial, job.place
    assert trial is not None and found.chosen is not None
    value = trial.thresholds[found.chosen]
    _tell_place("certified", job, trial, found.chosen)
    certificate = Certificate(
        target=job.promise.text,
        bound=job.promise.bound,
        observed=float(f"{trial.figures[found.chosen]:.6g}"),
        confidence=job.arguments.confidence,
        n=trial.n,
        method=found.method,
        scope="policy" if made.scope == "policy" else "rule",
        rule=place.rule,
        key="complexity" if place.key == "complexity" else "min_quality",
        value=value,
        date=datetime.now(UTC).date().isoformat(),
        policy=_version_with(job, value),
        artifact=made.artifact,
        data=made.data,
    )
    path = job.loaded.path
    old = path.read_bytes().decode("utf-8")
    new = with_block(with_value(old, place.path, value), KEY, certificate.model_dump(), COMMENT)
    if job.arguments.dry_run:
        _print_patch(path, old, new)
        return 0
    return _write(path, old, new, certificate)


def _version_with(job: Job, value: float) -> str:
    """The version that the policy will have with another threshold."""
    loaded = job.loaded
    if load(loaded.path, SIGNALS, vocabulary, bundled()).version != loaded.version:
        raise StartupError(f"{loaded.path} has changed meanwhile. Calibrate again.")
    return version_of(
        with_threshold(loaded.policy, job.place, value), loaded.catalog, loaded.options
    )


def _write(path: Path, old: str, new: str, certificate: Certificate) -> int:
    """Put the new text in the file's place, once it has been read back as it is meant."""
    target = path.resolve()
    shipped = shipped_policies().resolve() in target.parents
    if shipped or not (os.access(target, os.W_OK) and os.access(target.parent, os.W_OK)):
        print(f"\n{path} is {'shipped' if shipped else 'read-only'}. Apply this change yourself:\n")
        _print_patch(path, old, new)
        return 0
    beside = target.with_name(f".{target.name}.calibrated")
    try:
        beside.write_bytes(new.encode("utf-8"))
        shutil.copymode(target, beside)
        loaded = load(beside, SIGNALS, vocabulary, bundled())
        if loaded.policy.certificate != certificate or loaded.version != certificate.policy:
            raise StartupError(f"{path} would not read back as meant: it is unchanged.")
        os.replace(beside, target)
    except (OSError, PolicyFileError) as error:
        raise StartupError(f"{path} cannot be changed ({error}): it is as it was.") from error
    finally:
        beside.unlink(missing_ok=True)
    print(f"\nWritten to {path}, with its certificate. Next: slm-router policy test")
    return 0


def _print_patch(path: Path, old: str, new: str) -> None:
    patch = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}"
    )
    sys.stdout.writelines(line if line.endswith("\n") else f"{line}\n" for line in patch)
