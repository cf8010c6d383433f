"""Tables as JSONL: one object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from classifiers.errors import DataError

PLACE = "(place)"
"""Key of a row that says where in its file it stands: its line, of parquet its row, from 1."""

NOT_UTF8 = "the text is not in UTF-8: save it so"


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file, each with its line under PLACE. Raises DataError naming the
    line that is none, or why the file cannot be read."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            return [_object(line, path, n) for n, line in enumerate(lines, 1) if line.strip()]
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: {NOT_UTF8}") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


def _object(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}:{number}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(f"{path}:{number}: expected an object")
    return {**row, PLACE: number}
