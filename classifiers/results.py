"""Results: which model did how well on which prompt, read from parquet, JSONL or CSV.

The tables and their columns are described in docs/data.md.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import targets
from classifiers.dataset import Row, read_table
from classifiers.errors import DataError
from classifiers.jsonl import NOT_UTF8, PLACE, read_jsonl

SUFFIXES = (".parquet", ".jsonl", ".csv")
UNNAMED = "prompts"
MOST_CHARACTERS = 2**31 - 1
"""Of a cell of a CSV."""

SEE = "docs/data.md says what is expected"


@dataclass(frozen=True, slots=True)
class Results:
    """The prompts of one dataset with every model's score.

    Attributes:
        texts: n prompts; `categories` and `splits` are theirs.
        models: m names.
        scores: [n, m] in [0, 1], NaN where a model was not asked.
        costs: [n, m] in dollars, NaN where not known.
        drawn: whether the table names no split, so that `splits` were drawn here.
    """

    dataset: str
    texts: tuple[str, ...]
    categories: tuple[str, ...]
    splits: tuple[str, ...]
    models: tuple[str, ...]
    scores: NDArray[np.float64]
    costs: NDArray[np.float64]
    drawn: bool = False

    def __len__(self) -> int:
        return len(self.texts)

    def rows(self, kept: NDArray[Any]) -> Results:
        """Return the chosen prompts (indices)."""
        return Results(
            self.dataset,
            tuple(self.texts[row] for row in kept),
            tuple(self.categories[row] for row in kept),
            tuple(self.splits[row] for row in kept),
            self.models,
            self.scores[kept],
            self.costs[kept],
            self.drawn,
        )

    def of_split(self, split: str) -> Results:
        """Return the prompts of one split; there may be none."""
        return self.rows(np.flatnonzero(np.array(self.splits, dtype=object) == split))

    def of_models(self, models: Sequence[str]) -> Results:
        """Return the prompts that all of these models answered, with these models alone.

        Raises DataError naming a model that the dataset lacks.
        """
        columns = [self._column(model) for model in models]
        scores, costs = self.scores[:, columns], self.costs[:, columns]
        names = tuple(self.models[column] for column in columns)
        whole = replace(self, models=names, scores=scores, costs=costs)
        return whole.rows(np.flatnonzero(~np.isnan(scores).any(axis=1)))

    def _column(self, model: str) -> int:
        short = [name.rpartition("/")[2] for name in self.models]
        for names in (list(self.models), short):
            if model in names:
                return names.index(model)
        raise DataError(f"{self.dataset} has no model {model!r}; it has {', '.join(self.models)}")


def read_results(path: Path) -> dict[str, Results]:
    """Return the results of each dataset of a folder with tables `prompts` and `scores`, or of one
    file whose rows hold prompt, model and score. Raises DataError naming what is missing."""
    if path.is_dir():
        prompts = read_rows(_table(path, "prompts"))
        return _by_dataset(prompts, read_rows(_table(path, "scores")), path)
    rows = read_rows(path)
    for row in rows:
        for name in ("prompt", "model", "score"):
            _key(row, name, path)
        if isnan(_number(row, "score", path)):
            raise DataError(f"{_place(row, path)}: the column `score` is no number; {SEE}")
        row["prompt_id"] = row["prompt"]
    return _by_dataset(rows, rows, path)


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a parquet, JSONL or CSV file, each with its place under PLACE.

    Raises DataError when it cannot be read.
    """
    if path.suffix == ".parquet":
        found = read_table(path)
        for number, row in enumerate(found, 1):
            row[PLACE] = number
        return found
    if path.suffix != ".csv":
        return read_jsonl(path)
    # A prompt may be longer than the 131,072 characters that `csv` takes by itself.
    csv.field_size_limit(MOST_CHARACTERS)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return list(_csv_rows(lines, path))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: {NOT_UTF8}") from error
    except csv.Error as error:
        raise DataError(f"{path}: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


def _csv_rows(lines: Iterable[str], path: Path) -> Iterator[Row]:
    table = csv.DictReader(lines, strict=True)
    names = table.fieldnames or ()
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise DataError(f"{path}:1: no comma parts the columns: save it with commas; {SEE}")
    for row in table:
        if None in row or None in row.values():
            expected = f"as many cells as the header's {len(names)}"
            raise DataError(
                f"{path}:{table.line_num}: expected {expected}; quote texts with commas"
            )
        yield {**row, PLACE: table.line_num}


def _place(row: Row, path: Path) -> str:
    """Where a row stands: file and line (of parquet the row), counted from 1."""
    return f"{path}:{row[PLACE]}"


def _table(folder: Path, name: str) -> Path:
    found = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    for path in found:
        if path.is_file():
            return path
    raise DataError(f"{folder} holds none of {', '.join(path.name for path in found)}")


def _by_dataset(prompts: Iterable[Row], scores: Iterable[Row], path: Path) -> dict[str, Results]:
    facts: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in prompts:
        facts[_dataset(row)].setdefault(_key(row, "prompt_id", path), row)
    answers: dict[str, dict[tuple[str, str], Row]] = defaultdict(dict)
    for row in scores:
        if _dataset(row) != "alpaca_eval" or row.get("judge") == targets.ALPACA_JUDGE:
            at = _key(row, "prompt_id", path), _key(row, "model", path)
            answers[_dataset(row)][at] = row
    found = {
        name: _results(name, facts[name], answers[name], path)
        for name in facts
        if answers.get(name)
    }
    if not found:
        raise DataError(f"{path}: no prompt has a score; see docs/data.md")
    return found


def _results(
    dataset: str, facts: Mapping[str, Row], answers: Mapping[tuple[str, str], Row], path: Path
) -> Results:
    scored = {prompt for prompt, _ in answers}
    kept = [key for key in facts if key in scored]
    models = sorted({model for _, model in answers})
    place = {key: row for row, key in enumerate(kept)}
    column = {model: number for number, model in enumerate(models)}
    scores = np.full((len(kept), len(models)), np.nan)
    costs = scores.copy()
    for (prompt, model), row in answers.items():
        if prompt in place:
            at = place[prompt], column[model]
            scores[at], costs[at] = _number(row, "score", path), _number(row, "cost_usd", path)
            if scores[at] < 0 or scores[at] > 1:
                raise DataError(
                    f"{_place(row, path)}: the column `score` is {row['score']}, expected a number"
                    " from 0 to 1: divide by the highest score there is"
                )
    return Results(
        dataset,
        tuple(str(facts[key]["prompt"]) for key in kept),
        tuple(str(facts[key].get("category") or "") for key in kept),
        tuple(str(facts[key].get("split") or _drawn_split(key)) for key in kept),
        tuple(models),
        scores,
        costs,
        drawn=not any(facts[key].get("split") for key in kept),
    )


def pooled(tables: Mapping[str, Results]) -> Results:
    """Return the prompts of all datasets in one, with every model."""
    models = tuple(sorted({model for table in tables.values() for model in table.models}))
    scores: list[NDArray[np.float64]] = []
    costs: list[NDArray[np.float64]] = []
    for table in tables.values():
        columns = [models.index(model) for model in table.models]
        for found, values in ((scores, table.scores), (costs, table.costs)):
            wide = np.full((len(table), len(models)), np.nan)
            wide[:, columns] = values
            found.append(wide)
    return Results(
        " and ".join(tables),
        tuple(text for table in tables.values() for text in table.texts),
        tuple(name for table in tables.values() for name in table.categories),
        tuple(split for table in tables.values() for split in table.splits),
        models,
        np.concatenate(scores),
        np.concatenate(costs),
        all(table.drawn for table in tables.values()),
    )


def _drawn_split(prompt: str) -> str:
    """Half of the prompts of a table without splits is for learning: the same half every time."""
    return ("train", "val")[hashlib.sha256(prompt.encode("utf-8", "replace")).digest()[0] % 2]


def _dataset(row: Row) -> str:
    return str(row.get("dataset") or UNNAMED)


def _key(row: Row, name: str, path: Path) -> str:
    value = row.get(name)
    if value is None or value == "":
        had = ", ".join(str(column) for column in row if column != PLACE)
        problem = f"the column `{name}` is empty" if name in row else f"no column `{name}` in {had}"
        raise DataError(f"{_place(row, path)}: {problem}; {SEE}")
    return str(value)


def _number(row: Row, name: str, path: Path) -> float:
    value = row.get(name)
    if value is None or value == "":
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        told = f"the column `{name}` is {str(value)[:40]!r}, expected a number"
        raise DataError(f"{_place(row, path)}: {told}") from error
