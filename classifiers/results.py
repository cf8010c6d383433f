"""Results: which model did how well on which prompt, read from parquet, JSONL or CSV.

The tables and their columns are described in docs/data.md.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import targets
from classifiers.dataset import Row, read_table
from classifiers.errors import DataError

SUFFIXES = (".parquet", ".jsonl", ".csv")
UNNAMED = "prompts"


@dataclass(frozen=True, slots=True)
class Results:
    """The prompts of one dataset with every model's score.

    Attributes:
        texts: n prompts; `categories` and `splits` are theirs.
        models: m names.
        scores: [n, m] in [0, 1], NaN where a model was not asked.
        costs: [n, m] in dollars, NaN where not known.
    """

    dataset: str
    texts: tuple[str, ...]
    categories: tuple[str, ...]
    splits: tuple[str, ...]
    models: tuple[str, ...]
    scores: NDArray[np.float64]
    costs: NDArray[np.float64]

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
        whole = Results(
            self.dataset, self.texts, self.categories, self.splits, names, scores, costs
        )
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
        if not isinstance(row.get("prompt"), str):
            raise DataError(f"{path}: a row has no prompt; see docs/data.md")
        row["prompt_id"] = row["prompt"]
    return _by_dataset(rows, rows, path)


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a parquet, JSONL or CSV file. Raises DataError when it cannot be read."""
    if path.suffix == ".parquet":
        return read_table(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            if path.suffix == ".csv":
                return list(csv.DictReader(lines))
            return [_object(line, path, n) for n, line in enumerate(lines, 1) if line.strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: {error}") from error


def _object(line: str, path: Path, number: int) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{path}:{number}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise DataError(f"{path}:{number}: expected an object")
    return row


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
    if ((scores < 0) | (scores > 1)).any():
        raise DataError(f"{path}: scores must lie between 0 and 1")
    return Results(
        dataset,
        tuple(str(facts[key]["prompt"]) for key in kept),
        tuple(str(facts[key].get("category") or "") for key in kept),
        tuple(str(facts[key].get("split") or _drawn_split(key)) for key in kept),
        tuple(models),
        scores,
        costs,
    )


def _drawn_split(prompt: str) -> str:
    """Half of the prompts of a table without splits is for learning: the same half every time."""
    return ("train", "val")[hashlib.sha256(prompt.encode("utf-8", "replace")).digest()[0] % 2]


def _dataset(row: Row) -> str:
    return str(row.get("dataset") or UNNAMED)


def _key(row: Row, name: str, path: Path) -> str:
    value = row.get(name)
    if value is None or value == "":
        raise DataError(f"{path}: a row has no {name}; see docs/data.md")
    return str(value)


def _number(row: Row, name: str, path: Path) -> float:
    value = row.get(name)
    if value is None or value == "":
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise DataError(f"{path}: {name} is {value!r}, expected a number") from error
