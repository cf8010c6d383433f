"""`slm-router classify`: what the signals make of each prompt of a file, one JSON object a line."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from router.cli.counted import count
from router.errors import StartupError

if TYPE_CHECKING:
    from classifiers.prompt_classifier import PromptClassifier
    from router.cli.classified import Numbered

BATCH = 256
"""Lines judged at once: more are not faster, and these are all that is held in memory."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the input, the classifier, and what to leave out."""
    parser.add_argument(
        "file",
        metavar="FILE.jsonl",
        help='one {"prompt": ...} or {"messages": [...]} a line; - reads standard input',
    )
    parser.add_argument("--artifact", type=Path, metavar="PATH", help="folder of a classifier")
    parser.add_argument(
        "--embedder", metavar="NAME", help="the shipped classifier made with this embedder"
    )
    parser.add_argument(
        "--models",
        type=_names,
        default=(),
        metavar="A,B,C",
        help="models whose chance of a good answer is wanted",
    )
    parser.add_argument(
        "--policy", type=Path, metavar="PATH", help="take the models of its catalog"
    )
    parser.add_argument(
        "--batch", type=count, default=BATCH, metavar="N", help="lines judged at once"
    )
    parser.add_argument(
        "--no-language", action="store_true", help="leave out the language (faster)"
    )
    parser.add_argument(
        "--no-pii", action="store_true", help="leave out private data (a little faster)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Judge every line in order; 1 if any line could not be read."""
    from router.cli.classified import Judge, known_models

    classifier = open_classifier(arguments.artifact, arguments.embedder)
    judge = Judge(
        classifier,
        models=known_models(classifier, arguments.models, arguments.policy)
        if arguments.models or arguments.policy
        else None,
        language=not arguments.no_language,
        pii=not arguments.no_pii,
    )
    failed = False
    with ExitStack() as closing:
        source = _opened(arguments.file, closing)
        for batch in _batches(_numbered(source), arguments.batch):
            for (number, _), found in zip(batch, judge.judge(batch), strict=True):
                if "error" in found:
                    failed = True
                    print(
                        f"slm-router: {arguments.file}:{number}: {found['error']}", file=sys.stderr
                    )
                sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
            sys.stdout.flush()
    return int(failed)


def open_classifier(artifact: Path | None, embedder: str | None) -> "PromptClassifier":
    """The classifier of a folder, else the shipped one; an embedder asked for must be its own.

    Raises StartupError saying how to get one that is not there.
    """
    from classifiers.embedders import EMBEDDERS
    from classifiers.errors import ClassifierError
    from classifiers.prompt_classifier import PRETRAINED, PromptClassifier

    if embedder is not None and embedder not in EMBEDDERS:
        raise StartupError(f"There is no embedder {embedder}; there are {', '.join(EMBEDDERS)}.")
    folder = artifact
    if folder is None and embedder is not None:
        beside = PRETRAINED.with_name(f"{PRETRAINED.name}_{embedder}")
        folder = beside if beside.is_dir() else PRETRAINED
    try:
        found = PromptClassifier.load(folder)
    except ClassifierError as error:
        raise StartupError(str(error)) from error
    kind = found.encoder.embedder.kind
    if embedder is not None and embedder != kind:
        raise StartupError(
            f"This classifier was trained with the embedder {kind}, not {embedder}. Train one:"
            f" slm-router train --embedder {embedder} --out DIR, then --artifact DIR."
        )
    return found


def _opened(file: str, closing: ExitStack) -> IO[bytes]:
    if file == "-":
        return sys.stdin.buffer
    try:
        return closing.enter_context(Path(file).open("rb"))
    except OSError as error:
        raise StartupError(f"{file} cannot be read: {error.strerror}.") from error


def _numbered(lines: Iterable[bytes]) -> "Iterator[Numbered]":
    """Lines that are not blank, with their numbers from 1."""
    for number, line in enumerate(lines, 1):
        if text := (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip():
            yield number, text


def _batches(lines: "Iterator[Numbered]", size: int) -> "Iterator[list[Numbered]]":
    while batch := list(islice(lines, size)):
        yield batch


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))
