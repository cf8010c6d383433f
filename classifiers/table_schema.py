"""What the tables of a whole classifier must hold, checked before anything is learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from classifiers.dataset import Row, read_table
from classifiers.errors import DataError
from classifiers.jsonl import PLACE

Types = type | tuple[type, ...]
NUMBER = (int, float)
TABLES: Mapping[str, Mapping[str, Types]] = {
    "prompts": {"dataset": str, "prompt_id": str, "prompt": str, "category": str, "split": str},
    "scores": {"dataset": str, "prompt_id": str, "model": str, "score": NUMBER},
    "tasks": {"prompt": str, "task": str, "label": str, "group": str, "split": str},
    "intents": {"prompt": str, "domains": str, "split": str},
    "language": {"text": str, "lang": str, "split": str},
}
"""Table -> column -> what each cell is. More columns may be there; docs/data.md says what for."""

SNI = "sni_category"
_SHOWN = 40
_ADAPT = (
    "to adapt the shipped classifier, prompts and scores are enough: add --start-from pretrained"
)


def check_tables(folder: Path) -> None:
    """Raise DataError naming the table, row and column that is missing or of another kind."""
    missing = [name for name in TABLES if _file(folder, name) is None]
    if missing:
        raise DataError(
            f"{folder} lacks the tables {', '.join(missing)} (parquet or JSONL; docs/data.md);"
            f" {_ADAPT}"
        )
    for name, columns in TABLES.items():
        path = _file(folder, name)
        assert path is not None
        rows = read_table(folder / f"{name}.parquet")
        if not rows:
            raise DataError(f"{path} holds no row")
        for number, row in enumerate(rows, 1):
            if name == "tasks" and row.get("task") not in (None, SNI):
                continue  # of another kind, which nothing is learned from
            _check(row, columns, f"{path}:{row.get(PLACE, number)}")
            score = row.get("score")
            if name == "scores" and not 0 <= float(score) <= 1:  # type: ignore[arg-type]
                raise DataError(
                    f"{path}:{row.get(PLACE, number)}: the column `score` is {score}, expected a"
                    " number from 0 to 1"
                )


def _file(folder: Path, name: str) -> Path | None:
    paths = (folder / f"{name}.parquet", folder / f"{name}.jsonl")
    return next((path for path in paths if path.is_file()), None)


def _check(row: Row, columns: Mapping[str, Types], place: str) -> None:
    for column, kind in columns.items():
        value = row.get(column)
        if isinstance(value, kind) and not isinstance(value, bool):
            continue
        expected = "a number" if kind is NUMBER else "a text"
        told = "is missing" if value is None else f"is {str(value)[:_SHOWN]!r}"
        raise DataError(f"{place}: the column `{column}` {told}, expected {expected}")
