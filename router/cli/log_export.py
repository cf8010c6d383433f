"""`slm-router log export`: every row of the decision log, as JSON lines, CSV or Parquet.

Rows go from the log to the file one by one, oldest first; what people wrote is not among them.
"""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from router.stores.decision_columns import COLUMNS, CONTENT, Column
from router.stores.decision_row import Row

ROWS_PER_GROUP = 10_000
"""Rows of a Parquet file that are held in memory at a time."""

EXPORTED: tuple[Column, ...] = tuple(column for column in COLUMNS if column.name not in CONTENT)
_NAMES = tuple("decision" if column.name == "id" else column.name for column in EXPORTED)
_NO_PYARROW = (
    "Parquet needs pyarrow, which is not installed. Install it with"
    " `pip install 'slm-router[parquet]'`, or take --format jsonl or csv."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the format and the file."""
    parser.add_argument(
        "--format",
        dest="export_format",
        choices=tuple(WRITERS),
        default="jsonl",
        help="one JSON object a line, a table for spreadsheets, or a table for data tools",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="where to; without, standard output"
    )


def run(arguments: argparse.Namespace, rows: Iterable[Row]) -> int:
    """Write the rows; 1 if the file is there already, cannot be written, or pyarrow is missing."""
    path: Path | None = arguments.output
    if arguments.export_format == "parquet" and path is None:
        print("Parquet is no text. Say where to: --output decisions.parquet", file=sys.stderr)
        return 1
    if path is not None and path.exists():
        print(f"{path} exists. Remove it, or name another file.", file=sys.stderr)
        return 1
    try:
        written = WRITERS[arguments.export_format](path, rows)
    except ModuleNotFoundError:
        print(_NO_PYARROW, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Cannot write {path}: {error.strerror}. Name another file.", file=sys.stderr)
        return 1
    print(f"{written} decisions written.", file=sys.stderr)
    return 0


@contextmanager
def _text(path: Path | None) -> Iterator[IO[str]]:
    if path is None:
        yield sys.stdout
    else:
        with path.open("x", encoding="utf-8", newline="") as file:
            yield file


def _jsonl(path: Path | None, rows: Iterable[Row]) -> int:
    written = 0
    with _text(path) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            written += 1
    return written


def _csv(path: Path | None, rows: Iterable[Row]) -> int:
    """A head, then one line a row; nulls are empty, lists and objects are JSON."""
    written = 0
    with _text(path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_NAMES)
        for row in rows:
            table.writerow([_flat(row[name]) for name in _NAMES])
            written += 1
    return written


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _parquet(path: Path | None, rows: Iterable[Row]) -> int:
    """Numbers, flags and texts as such, `at` as a moment, lists and objects as JSON text."""
    # Heavy, and needed by this format alone.
    import pyarrow as arrow
    from pyarrow import parquet

    kinds = {
        "text": arrow.string(),
        "json": arrow.string(),
        "number": arrow.float64(),
        "integer": arrow.int64(),
        "flag": arrow.bool_(),
    }
    schema = arrow.schema(
        [
            (name, arrow.timestamp("ms", "UTC") if name == "at" else kinds[column.kind])
            for name, column in zip(_NAMES, EXPORTED, strict=True)
        ]
    )
    written, rest = 0, iter(rows)
    with parquet.ParquetWriter(path, schema) as file:
        while group := list(islice(rest, ROWS_PER_GROUP)):
            file.write_table(arrow.Table.from_pylist(list(map(_typed, group)), schema))
            written += len(group)
    return written


def _typed(row: Row) -> Mapping[str, Any]:
    at = datetime.fromisoformat(row["at"])
    return {**{name: _flat(row[name]) for name in _NAMES}, "at": at}


WRITERS: Mapping[str, Callable[[Path | None, Iterable[Row]], int]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "parquet": _parquet,
}
"""A writer for each format: how many rows it wrote."""
