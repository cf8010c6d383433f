"""`slm-router report`: what was saved, what it cost in quality, and how sure that is."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from router.cli.log import age
from router.errors import StartupError
from router.settings import Settings

if TYPE_CHECKING:
    from router.evidence.gates import Gate
    from router.evidence.statement import Statement

_DAY = 86_400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the period, the baseline, the forms and the gates."""
    parser.add_argument(
        "--since",
        type=age,
        default=7 * _DAY,
        metavar="AGE",
        help="the last 12h, 7d and the like (default: 7d)",
    )
    parser.add_argument(
        "--baseline", metavar="NAME", help="the baseline to begin with, such as always:gpt-4o"
    )
    parser.add_argument(
        "--margin",
        type=_margin,
        metavar="SCORE",
        help="a loss in mean score that is put up with (default: 0.02)",
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one file to mail")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument(
        "--fail-if",
        action="append",
        type=_gate,
        default=[],
        metavar="GATE",
        help="exit with 1 if a figure stands so, such as 'quality < -0.02'; may be repeated",
    )


def run(arguments: argparse.Namespace) -> int:
    """Tell the figures in the forms asked for; 1 if a gate fails."""
    from router.evidence.plain import plain

    found = _statement(arguments)
    # Before anything is told: a gate on an unknown figure is a mistake to be mended first.
    failed = _failures(arguments.fail_if, found)
    if arguments.html is not None:
        _write(found, arguments.html)
    if arguments.json:
        print(json.dumps(plain(found), indent=2))
    else:
        _tell(found)
    for reason in failed:
        print(f"slm-router report: {reason}", file=sys.stderr)
    return 1 if failed else 0


def _statement(arguments: argparse.Namespace) -> "Statement":
    from router.core.ledger import Window
    from router.evidence.quality import MARGIN
    from router.evidence.reading import Sources, read_books, whole_days
    from router.evidence.statement import statement
    from router.stores.sqlite_ledger import SQLiteLedger
    from router.stores.sqlite_scores import SQLiteScores

    path = Settings().decision_log
    if not path.exists():
        raise StartupError(
            f"No decision has been logged yet in {path}. Start the gateway with `slm-router"
            " serve` and send requests. If yours keeps its state elsewhere, set"
            " SLM_ROUTER_STATE_DIR to that directory."
        )
    now = time.time()
    window = whole_days(Window(now - arguments.since, now))
    sources = Sources(SQLiteLedger(path), SQLiteScores(path))
    books = asyncio.run(read_books(sources, window, now, arguments.baseline))
    return statement(books, arguments.margin or MARGIN)


def _failures(gates: "Sequence[Gate]", found: "Statement") -> list[str]:
    from router.evidence.gates import failure

    try:
        reasons = [failure(one, found.figures) for one in gates]
    except ValueError as error:
        raise StartupError(f"--fail-if: {error}.") from error
    return [reason for reason in reasons if reason]


def _tell(found: "Statement") -> None:
    if found.simulated:
        print("SIMULATED answers of made-up models: this shows the report, not your money.\n")
    print(found.headline, *(it.share.sentence for it in found.others), sep="\n")
    print()
    for name, figure in sorted(found.figures.items()):
        print(f"{name:<20} {figure.sentence}")
    print(f"{'own calls':<20} {found.own.sentence}")
    for one in found.unpriced:
        model = one.model or "no model"
        print(f"unpriced: {one.requests:,} of {model} ({one.reason}), the latest {one.latest}")


def _write(found: "Statement", path: Path) -> None:
    from router.cli.report_html import html

    try:
        path.write_text(html(found), encoding="utf-8")
    except OSError as error:
        raise StartupError(f"{path} cannot be written: {error.strerror}.") from error
    print(f"Written: {path}", file=sys.stderr)


def _gate(text: str) -> "Gate":
    from router.evidence.gates import gate

    try:
        return gate(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _margin(text: str) -> float:
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError("expected a loss between 0 and 1")
    return number
