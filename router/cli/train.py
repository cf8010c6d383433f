"""`slm-router train`: a classifier from tables, or the shipped one adapted to your own labels."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from router.cli.counted import count
from router.cli.log import age
from router.core.feedback import SOURCES
from router.errors import StartupError

if TYPE_CHECKING:
    from classifiers.replacement import Comparison
    from router.cli.training import Training

PRETRAINED = "pretrained"
MANIFEST = "manifest.json"
DEFAULT_BOOTSTRAP = 1000
_NOTHING = (
    "  nothing: it knows none of these models, and no prompt has scores of a worse and a better one"
)
EXTRA = ("sklearn", "scipy", "pyarrow", "threadpoolctl")
"""Modules that the extra `train` brings."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the data, where to start, what to learn with, and where the result goes."""
    parser.add_argument(
        "data",
        type=Path,
        nargs="?",
        metavar="DATA",
        help="a table of prompt, model and score (csv, jsonl, parquet), or a folder of tables; see"
        " docs/data.md",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where the classifier goes"
    )
    parser.add_argument(
        "--start-from",
        metavar="PATH",
        help=f"adapt this classifier to the labels: {PRETRAINED} for the shipped one, or a folder",
    )
    _add_log(parser)
    _add_recipe(parser)
    _add_measures(parser)


def _add_log(parser: argparse.ArgumentParser) -> None:
    """Declare the decision log as a source of labels."""
    parser.add_argument(
        "--from-log",
        action="store_true",
        help="learn from the decision log's feedback instead of DATA (docs/feedback.md)",
    )
    parser.add_argument(
        "--since", type=age, metavar="AGE", help="of the log, only the last 12h, 30d, ..."
    )
    parser.add_argument(
        "--source", action="append", choices=SOURCES, help="of the log, only feedback from there"
    )


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    """Declare what a whole classifier is learned with."""
    parser.add_argument(
        "--embedder", metavar="NAME", help="of a whole classifier (default: static)"
    )
    parser.add_argument("--model", metavar="PATH", help="of the embedder: a path or a name")
    parser.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="NAME",
        help="learn complexity, domain and task with this kind of head; domain=NAME sets one",
    )
    parser.add_argument("--buckets", type=count, metavar="N", help="of hashed n-grams")


def _add_measures(parser: argparse.ArgumentParser) -> None:
    """Declare what is drawn and what the result is judged by."""
    parser.add_argument("--small", metavar="MODEL", help="the small model to judge routing by")
    parser.add_argument("--large", metavar="MODEL", help="the large model to judge routing by")
    parser.add_argument("--seed", type=int, metavar="N", help="of all that is drawn")
    parser.add_argument(
        "--folds", type=_folds, metavar="N", help="of cross-validation (default: 4, adapting: 5)"
    )
    parser.add_argument(
        "--bootstrap",
        type=count,
        default=DEFAULT_BOOTSTRAP,
        metavar="N",
        help=f"resamples behind every interval (default: {DEFAULT_BOOTSTRAP})",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace a classifier also by one that is worse"
    )


def run(arguments: argparse.Namespace) -> int:
    """Learn, compare with what would be replaced, write; 1 if refused."""
    from classifiers.errors import ClassifierError, MissingExtraError

    try:
        _check_out(arguments.out)
        return _trained(arguments, _training_of(arguments))
    except ClassifierError as error:
        raise StartupError(str(error)) from error
    except OSError as error:
        if error.filename is None:
            raise
        raise StartupError(f"{error.filename} cannot be written: {error.strerror}.") from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRA:
            raise
        raise StartupError(str(MissingExtraError(str(error.name), "train"))) from error


def _trained(arguments: argparse.Namespace, training: "Training") -> int:
    from router.cli.progress import Steps

    # The last two steps, comparing and writing, are told here.
    with Steps(training.steps + 2) as steps:
        training.learn(steps.tell)
        steps.tell("comparing")
        compared = training.compare()
        worse = [one for found in compared.values() for one in found if one.worse]
        refused = bool(worse) and not arguments.force
        if not refused:
            steps.tell("writing")
            version = training.write(compared)
    for against, found in compared.items():
        print(f"Against {against}:")
        print(*[f"  {one}{_verdict(one)}" for one in found] or [_NOTHING], sep="\n")
    if refused:
        print(_refusal(arguments, worse), file=sys.stderr)
        return 1
    print(f"Written: {arguments.out} (classifier {version}), with its card in card.md")
    return 0


def _training_of(arguments: argparse.Namespace) -> "Training":
    """What the arguments ask for. Raises StartupError for those that do not go together."""
    if arguments.from_log == (arguments.data is not None):
        raise StartupError(
            f"Name either DATA or --from-log: slm-router train DATA --out {arguments.out}"
        )
    if not arguments.from_log:
        _none_of(arguments, ("since", "source"), "only with --from-log")
    if arguments.start_from is None:
        if not arguments.data or arguments.data.is_file():
            raise StartupError(
                f"Labels of models adapt a classifier: add --start-from {PRETRAINED}. (A whole one"
                " is learned from a folder of tables: docs/data.md.)"
            )
        _none_of(arguments, _ADAPTED_ONLY, f"only with --start-from {PRETRAINED}")
        from router.cli.train_whole import WholeTraining

        return WholeTraining(arguments)
    _none_of(arguments, _WHOLE_ONLY, "decided by the classifier that --start-from names")
    from router.cli.train_adapted import AdaptedTraining

    return AdaptedTraining(arguments)


_WHOLE_ONLY = ("embedder", "model", "head", "buckets")
_ADAPTED_ONLY = ("small", "large")


def _none_of(arguments: argparse.Namespace, names: Sequence[str], why: str) -> None:
    for name in names:
        if getattr(arguments, name):
            raise StartupError(f"--{name} is {why}. Leave it out.")


def _check_out(out: Path) -> None:
    """Refuse a folder that holds anything but a classifier: nothing of it is to be overwritten."""
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise StartupError(f"{out} is not empty and holds no classifier. Name a new folder.")
    if out.exists() and not out.is_dir():
        raise StartupError(f"{out} is a file. Name a new folder.")


def _verdict(comparison: "Comparison") -> str:
    if comparison.better or comparison.worse:
        return " (WORSE)" if comparison.worse else " (beyond chance)"
    return " (it may be chance)"


def _refusal(arguments: argparse.Namespace, worse: Sequence["Comparison"]) -> str:
    told = "; ".join(str(one) for one in worse)
    return (
        f"slm-router: nothing was written to {arguments.out}, for the new classifier is worse on"
        f" labels that neither had learned from: {told}. Give more labels, with those that taught"
        " the old one; or keep both with another --out; or replace it all the same with --force."
    )


def _folds(text: str) -> int:
    number = int(text)
    if number < 2:
        raise argparse.ArgumentTypeError("expected 2 or more")
    return number
