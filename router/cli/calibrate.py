"""`slm-router calibrate`: set a policy's threshold so that a promise holds, or say why not."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from router.cli.log import age
from router.core.decide import DEFAULT_RULE
from router.core.feedback import SOURCES
from router.errors import StartupError

if TYPE_CHECKING:
    from router.cli.calibrate_report import Job
    from router.evidence.promises import Promise
    from router.policyfile import LoadedPolicy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the promise, the labels and the threshold."""
    _add_promise(parser)
    parser.add_argument(
        "--confidence", type=_confidence, default=0.95, help="how sure to be (default: 0.95)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="labelled prompts (prompt, model, score: docs/data.md); the decision log with its"
        " feedback if left out",
    )
    parser.add_argument("--dataset", metavar="NAME", help="which of several tables")
    parser.add_argument(
        "--split", default="val", help="what no classifier learned from; all for everything"
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help="the policy to calibrate")
    parser.add_argument("--rule", default=DEFAULT_RULE, help="whose threshold (default: default)")
    parser.add_argument(
        "--small", metavar="MODEL[=NAME]", help="the cheap model; =NAME: its name in the data"
    )
    parser.add_argument(
        "--large", metavar="MODEL[=NAME]", help="the model compared with (the policy's baseline)"
    )
    parser.add_argument("--artifact", type=Path, metavar="PATH", help="folder of a classifier")
    parser.add_argument(
        "--since", type=age, metavar="AGE", help="of the log, only the last 12h, 30d, ..."
    )
    parser.add_argument(
        "--source", action="append", choices=SOURCES, help="of the log, only feedback from there"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the change, write nothing")


def _add_promise(parser: argparse.ArgumentParser) -> None:
    promise = parser.add_mutually_exclusive_group(required=True)
    promise.add_argument(
        "--target", metavar="TEXT", help='such as "quality >= 0.97 of large" or "quality >= 0.8"'
    )
    promise.add_argument(
        "--large-share", type=_share, metavar="SHARE", help="at most this share goes to the large"
    )
    promise.add_argument(
        "--budget-usd-per-1k", type=_dollars, metavar="USD", help="what 1,000 requests may cost"
    )


def run(arguments: argparse.Namespace) -> int:
    """Calibrate; 1 if nothing could be certified, and then nothing has changed."""
    from router.cli.calibrate_labels import labelled_trial
    from router.cli.calibrate_log import logged_trial
    from router.cli.calibrate_report import certify, tell_setting, tell_shortfall
    from router.evidence.calibration import calibrate

    job = _job(arguments)
    made = logged_trial(job) if arguments.data is None else labelled_trial(job)
    tell_setting(job, made)
    if made.trial is None:
        return 1
    found = calibrate(made.trial, 1 - arguments.confidence)
    if found.chosen is None:
        tell_shortfall(job, made, found)
        return 1
    return certify(job, made, found)


def _job(arguments: argparse.Namespace) -> "Job":
    from router.cli.calibrate_report import Job
    from router.evidence.thresholds import place_of

    loaded = _policy(arguments.policy)
    large, large_there = _named(arguments.large)
    small, small_there = _named(arguments.small)
    aliases = {m: there for m, there in ((large, large_there), (small, small_there)) if m and there}
    for model in filter(None, (small, large)):
        _known(loaded, model)
    try:
        place = place_of(loaded.policy, arguments.rule)
        promise, large = _promise(arguments, loaded, large)
    except ValueError as error:
        raise StartupError(f"{error}.") from error
    return Job(arguments, loaded, place, promise, large, small, aliases)


def _policy(path: Path | None) -> "LoadedPolicy":
    from router.cli.deciding import default_path, loaded_policies

    policies = loaded_policies(path or default_path())
    return next(iter(policies.values()))


def _named(text: str | None) -> tuple[str | None, str | None]:
    name, _, there = (text or "").partition("=")
    return name or None, there or None


def _known(loaded: "LoadedPolicy", model: str) -> str:
    if model not in loaded.catalog.models:
        names = ", ".join(loaded.catalog.models)
        raise StartupError(f"The catalog of {loaded.path} has no model {model!r}; it has {names}.")
    return model


def _promise(
    arguments: argparse.Namespace, loaded: "LoadedPolicy", large: str | None
) -> tuple["Promise", str]:
    """The promise with its model by name, and the large model. Raises ValueError."""
    from router.evidence import promises

    reference = large or loaded.policy.baseline
    if reference is None:
        raise ValueError("the catalog has no model to compare with")
    if arguments.large_share is not None:
        return promises.share_promise(arguments.large_share, reference), reference
    if arguments.budget_usd_per_1k is not None:
        return promises.budget_promise(arguments.budget_usd_per_1k), reference
    promise = promises.quality_promise(arguments.target)
    if promise.of is None:
        return promise, reference
    if promise.of != "large":
        reference = _known(loaded, promise.of)
    text = f"quality >= {promise.level:g} of {reference}"
    return replace(promise, text=text, of=reference), reference


def _share(text: str) -> float:
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError("expected a share above 0 and below 1, such as 0.3")
    return number


def _confidence(text: str) -> float:
    number = float(text)
    if not 0.5 < number < 1:
        raise argparse.ArgumentTypeError("expected a number above 0.5 and below 1, such as 0.95")
    return number


def _dollars(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("expected an amount above 0, such as 2")
    return number
