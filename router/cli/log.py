"""`slm-router log`: recent decisions, and one decision in full. Reads while a gateway writes."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from router.cli import log_export
from router.cli.counted import count
from router.cli.log_details import dollars, milliseconds, printable, score, tokens, told
from router.core.event import Outcome
from router.core.feedback import Feedback
from router.core.units import seconds
from router.settings import Settings
from router.stores.decision_row import DecisionFilter, Row
from router.stores.sqlite_reader import DecisionReader

DEFAULT_LIMIT = 20
_SECONDS_PER_DAY = 86_400.0

Cell = Callable[[Row], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `log` with its filters, `log show <decision id>` and `log export`."""
    parser.add_argument("--limit", type=count, default=DEFAULT_LIMIT, help="how many decisions")
    parser.add_argument(
        "--format",
        choices=("table", "jsonl"),
        default="table",
        help="a table to read, or one JSON object a line; newest first",
    )
    _add_filters(parser, None)
    actions = parser.add_subparsers(dest="action", metavar="show | export")
    show = actions.add_parser("show", help="one decision in full", description="One decision.")
    show.add_argument("decision", help="its id, as in the header x-slm-router-decision")
    export = actions.add_parser("export", help="every decision, into a file", description="Export.")
    # What stands before `export` holds too, unless it is said again.
    _add_filters(export, argparse.SUPPRESS)
    log_export.add_arguments(export)


def _add_filters(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Declare what narrows the decisions."""
    outcomes = get_args(Outcome)
    parser.add_argument("--model", default=default, help="only what this model answered")
    parser.add_argument("--rule", default=default, help="only what this rule decided")
    parser.add_argument("--outcome", default=default, choices=outcomes, help="only what ended so")
    parser.add_argument(
        "--since",
        type=age,
        default=default,
        metavar="AGE",
        help="only the last 30m, 1h, 7d and the like",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; 1 if there is no log, or no such decision."""
    path = Settings().decision_log
    if not path.exists():
        print(_no_log(path), file=sys.stderr)
        return 1
    reader = DecisionReader(path)
    if arguments.action == "show":
        return _show(reader, arguments.decision)
    where = DecisionFilter(
        model=arguments.model,
        rule=arguments.rule,
        outcome=arguments.outcome,
        since=None if arguments.since is None else time.time() - arguments.since,
    )
    if arguments.action == "export":
        return log_export.run(arguments, reader.oldest_first(where))
    rows = reader.recent(arguments.limit, where)
    if not rows:
        narrowed = where != DecisionFilter()
        print("No decision matches." if narrowed else _no_log(path), file=sys.stderr)
    elif arguments.format == "jsonl":
        for row in _with_feedback(reader, rows):
            print(json.dumps(row))
    else:
        _print_table(_with_feedback(reader, rows))
    return 0


def _with_feedback(reader: DecisionReader, rows: Sequence[Row]) -> list[Row]:
    """Rows with what was said of them, as a list under `feedback`."""
    said = reader.feedback_on(row["decision"] for row in rows)
    return [{**row, "feedback": list(map(_plain, said.get(row["decision"], ())))} for row in rows]


def _plain(feedback: Feedback) -> Mapping[str, object]:
    return {name: value for name, value in asdict(feedback).items() if name != "decision"}


def _no_log(path: Path) -> str:
    return (
        f"No decision has been logged yet in {path}. Start the gateway with `slm-router serve`,"
        " send a request, and look again. If yours keeps its state elsewhere, set"
        " SLM_ROUTER_STATE_DIR to that directory."
    )


def _show(reader: DecisionReader, decision: str) -> int:
    row = reader.find(decision)
    if row is None:
        print(
            f"No decision {printable(decision)} in the log."
            " `slm-router log` lists the latest with their ids.",
            file=sys.stderr,
        )
        return 1
    [row] = _with_feedback(reader, [row])
    for line in told(row, reader.review_of(decision)):
        print(line)
    return 0


_TABLE: Mapping[str, Cell] = {
    "TIME (UTC)": lambda row: row["at"][:19].replace("T", " "),
    "DECISION": lambda row: printable(row["decision"]),
    "MODEL": lambda row: printable(row["model"]),
    "RULE": lambda row: printable(row["rule"]),
    "OUTCOME": lambda row: row["outcome"],
    "TOKENS": lambda row: tokens(row),
    "COST USD": lambda row: dollars(row["cost_usd"]),
    "BASELINE USD": lambda row: dollars(row["baseline_cost_usd"]),
    "MS": lambda row: milliseconds(row["total_s"]),
    "SCORE": lambda row: score(row["feedback"]),
}
_TO_THE_RIGHT = frozenset({"TOKENS", "COST USD", "BASELINE USD", "MS", "SCORE"})


def _print_table(rows: Sequence[Row]) -> None:
    lines = [list(_TABLE), *([cell(row) for cell in _TABLE.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (
            text.rjust(width) if name in _TO_THE_RIGHT else text.ljust(width)
            for name, text, width in zip(_TABLE, line, widths, strict=True)
        )
        print("  ".join(cells).rstrip())


def age(text: str) -> float:
    """Seconds: as in policy files, and days."""
    try:
        if text.endswith("d"):
            return float(text[:-1]) * _SECONDS_PER_DAY
        return float(str(seconds(text)))
    except ValueError:
        raise argparse.ArgumentTypeError("expected an age such as 30m, 1h or 7d") from None
