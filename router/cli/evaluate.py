"""`slm-router evaluate`: how well a classifier routes, beside simple things that may beat it."""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from router.cli.classify import open_classifier
from router.cli.counted import count
from router.errors import StartupError

if TYPE_CHECKING:
    from classifiers.curves import Estimate
    from classifiers.evaluation import Evaluation
    from classifiers.pairs import PairReport
    from classifiers.prompt_classifier import PromptClassifier

DEFAULT_OUT = Path("evaluation")
JSON, HTML = "report.json", "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the data, the classifier, the pair and the bootstrap."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="folder with prompts and scores, or one file of prompt, model and score (parquet,"
        " jsonl, csv; see docs/data.md); the shipped simulated sample if left out",
    )
    parser.add_argument("--artifact", type=Path, metavar="PATH", help="folder of a classifier")
    parser.add_argument(
        "--embedder", metavar="NAME", help="the shipped classifier made with this embedder"
    )
    parser.add_argument(
        "--dataset", action="append", metavar="NAME", help="only this one; may be repeated"
    )
    parser.add_argument("--split", default="val", help="what to measure on (default: val)")
    parser.add_argument("--small", metavar="MODEL", help="the small model of the pair")
    parser.add_argument("--large", metavar="MODEL", help="the large model of the pair")
    parser.add_argument(
        "--bootstrap", type=count, default=1000, metavar="N", help="resamples (default: 1000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the resamples (default: 0)")
    parser.add_argument(
        "--out",
        type=Path,
        default=DEFAULT_OUT,
        metavar="DIR",
        help=f"where {JSON} and {HTML} go (default: {DEFAULT_OUT}/)",
    )
    parser.add_argument(
        "--no-labels",
        action="store_true",
        help="leave out domain, task, language and private data",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure, print the tables, write both reports."""
    from classifiers.errors import ClassifierError

    classifier = open_classifier(arguments.artifact, arguments.embedder)
    try:
        found = _evaluated(arguments, classifier)
    except ClassifierError as error:
        raise StartupError(str(error)) from error
    _print(found)
    _write(found, arguments.out)
    return 0


def _evaluated(arguments: argparse.Namespace, classifier: "PromptClassifier") -> "Evaluation":
    from classifiers.errors import DataError
    from classifiers.evaluation import Evaluation, Plan, evaluate_tables
    from classifiers.results import read_results
    from classifiers.sample import FOLDER, SHOWN_PAIR

    simulated = arguments.data is None
    folder: Path = FOLDER if simulated else arguments.data
    tables = read_results(folder)
    if arguments.dataset:
        strange = set(arguments.dataset) - set(tables)
        if strange:
            raise DataError(f"no dataset {', '.join(strange)}; there are {', '.join(tables)}")
        tables = {name: tables[name] for name in arguments.dataset}
    small, large = SHOWN_PAIR if simulated else (None, None)
    plan = Plan(
        arguments.split,
        arguments.bootstrap,
        arguments.seed,
        arguments.small or small,
        arguments.large or large,
    )
    found = Evaluation(
        classifier=classifier.manifest.version,
        data="the shipped sample, simulated" if simulated else str(folder),
        plan=plan,
        simulated=simulated,
    )
    evaluate_tables(tables, classifier, plan, found, _tell)
    if not simulated and folder.is_dir() and not arguments.no_labels:
        from router.cli.evaluate_labels import add_labels

        add_labels(folder, classifier, found, _tell)
    return found


def _tell(line: str) -> None:
    print(f"measuring {line} ...", file=sys.stderr, flush=True)


def _write(found: "Evaluation", out: Path) -> None:
    from classifiers.charts import standalone
    from classifiers.report import cost_quality, html

    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / JSON).write_text(found.json(), encoding="utf-8")
        (out / HTML).write_text(html(found), encoding="utf-8")
        for pair in found.pairs:
            name = re.sub(r"[^\w.-]+", "_", pair.dataset)
            (out / f"{name}.svg").write_text(standalone(cost_quality(pair)), encoding="utf-8")
    except OSError as error:
        raise StartupError(f"{out} cannot be written: {error.strerror}.") from error
    print(f"Written: {out / JSON} and {out / HTML}")


def _print_pair(pair: "PairReport") -> None:
    from classifiers.pairs import FIGURES

    title = f"{pair.dataset}: {pair.small} or {pair.large} (n={pair.n})"
    _table(title, "router", FIGURES, pair.figures)
    for it in pair.calibration:
        print(f"  calibration, {it.what}: ECE {_cell(it.ece)}")
    for change, share in pair.flips.items():
        print(f"  flips, {change}: {_cell(share)}")
    print(*(f"  {note}" for note in pair.notes), "", sep="\n")


def _print(found: "Evaluation") -> None:
    if found.simulated:
        print(
            "SIMULATED scores of made-up models: this shows the report, not a router's quality.\n"
        )
    for pair in found.pairs:
        _print_pair(pair)
    for pool in found.pools:
        columns = list(next(iter(pool.figures.values())))
        title = f"{pool.dataset}: a pool of {len(pool.models)} models (n={pool.n})"
        _table(title, "router", columns, pool.figures)
        print(*(f"  {note}" for note in pool.notes), "", sep="\n")
    accuracies = {f"{it.name}, {it.source}": {"accuracy": it.accuracy} for it in found.labels}
    if accuracies:
        _table("labels", "test", ["accuracy"], accuracies)
    for test in found.detections:
        rows = {kind: {"found": value} for kind, value in test.recall.items()}
        rows["harmless texts flagged"] = {"found": test.false_alarms}
        _table(test.name, "type", ["found"], rows)
    for note in found.notes:
        print(f"note: {note}")


def _table(
    title: str,
    head: str,
    columns: Sequence[str],
    rows: "Mapping[str, Mapping[str, Estimate]]",
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", box=None, pad_edge=False)
    for name in (head, *columns):
        table.add_column(Text(name), justify="left" if name == head else "right", no_wrap=True)
    for name, row in rows.items():
        table.add_row(Text(name), *_cells(row, columns))
    Console(soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 220).print(
        table
    )


def _cells(row: "Mapping[str, Estimate]", columns: Sequence[str]) -> Iterable[str]:
    for column in columns:
        yield _cell(row[column]) if column in row else "-"


def _cell(found: "Estimate") -> str:
    if found.value != found.value:
        return "-"
    digits = 5 if 0 < abs(found.high) < 0.01 else 3
    return f"{found.value:.{digits}f} ({found.low:.{digits}f}-{found.high:.{digits}f})"
