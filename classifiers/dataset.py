"""The training tables, read into plain examples. Needs pyarrow (extra `train`)."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import targets
from classifiers.authored import authored_prompts
from classifiers.errors import DataError, MissingExtraError
from classifiers.jsonl import read_jsonl
from classifiers.perturbed import mistyped
from classifiers.sizes import Sizes, model_sizes

SEED = 20240611

Row = dict[str, Any]
_EASY_TARGET = 0.02  # intents are commands and chit-chat to an assistant; any model will do
_EASY_COUNT = 1500
_AUTHORED_WEIGHT = 3.0  # few templates stand for much of everyday traffic; costs nothing on val
_PER_TASK = 900


@dataclass(frozen=True, slots=True)
class Example:
    """One prompt with what is to be learned from it.

    Attributes:
        label: class name; empty for complexity.
        target: complexity in [0, 1]; 0 for classes.
        group: prompts of one group never stand on both sides of a fold.
    """

    text: str
    source: str
    split: str
    group: str
    label: str = ""
    target: float = 0.0
    weight: float = 1.0
    weak: float = float("nan")
    strong: float = float("nan")


def read_table(path: Path) -> list[Row]:
    """Return the rows of a parquet file, or of the JSONL file of its name where that is missing.

    Raises DataError when it cannot be read.
    """
    lines = path.with_suffix(".jsonl")
    if lines.is_file() and not path.is_file():
        return read_jsonl(lines)
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "train") from error
    try:
        rows: list[Row] = parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:
        # pyarrow says of a file that is no parquet that it is a wrong value.
        raise DataError(f"{path}: {error}") from error
    return rows


def model_scores(data: Path) -> dict[tuple[str, str], dict[str, float]]:
    """Return (dataset, prompt id) -> model -> score in [0, 1], one judge per dataset."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in read_table(data / "scores.parquet"):
        if row["dataset"] == "alpaca_eval" and row.get("judge") != targets.ALPACA_JUDGE:
            continue
        found[row["dataset"], row["prompt_id"]][row["model"]] = row["score"]
    return found


def complexity_examples(data: Path, seed: int) -> list[Example]:
    """Prompts with the measured chance that small falls short of large, and easy anchors.

    Every dataset weighs as the square root of its size, so that none drowns the others.
    """
    scores = model_scores(data)
    sizes = model_sizes(scores)
    measured = [
        example
        for row in read_table(data / "prompts.parquet")
        if (found := scores.get((row["dataset"], row["prompt_id"])))
        and (example := _measured(row, found, sizes[row["dataset"]])) is not None
    ]
    return _trusting_ours(_balanced(measured + _anchors(data, seed), power=0.5))


def _measured(row: Row, by_model: dict[str, float], sizes: Sizes) -> Example | None:
    dataset = row["dataset"]
    small, large = ([by_model[m] for m in models if m in by_model] for models in sizes)
    if not small or not large:
        return None
    target = float((1 - np.mean(small)) * np.mean(large))
    weak, strong = (by_model.get(m, np.nan) for m in targets.REPORTED_PAIRS.get(dataset, ("", "")))
    return Example(
        text=row["prompt"],
        source=dataset,
        split=row["split"],
        group=f"{dataset}/{row['prompt_id']}",
        label=row["category"],
        target=target,
        weak=weak,
        strong=strong,
    )


def _anchors(data: Path, seed: int) -> list[Example]:
    intents = read_table(data / "intents.parquet")
    easy = [
        Example(row["prompt"], "intents", row["split"], row["prompt"], "easy", _EASY_TARGET)
        for row in random.Random(seed).sample(intents, min(_EASY_COUNT, len(intents)))
    ]
    ours = [
        Example(prompt.text, "authored", prompt.split, prompt.text, prompt.task, prompt.target)
        for prompt in authored_prompts(seed)
        if prompt.target is not None
    ]
    return easy + ours


def domain_examples(data: Path, seed: int) -> list[Example]:
    """MMLU-Pro questions with their category, and other prompts whose domain is beyond doubt.

    Those others weigh half, and are left out of train when MMLU-Pro's val holds the same stem.
    """
    prompts = read_table(data / "prompts.parquet")
    main = [
        Example(row["prompt"], "mmlu_pro", row["split"], row["prompt_id"], row["category"])
        for row in prompts
        if row["dataset"] == "mmlu_pro"
    ]
    seen = {_stem(example.text) for example in main if example.split == "val"}
    others = [*_subjects(prompts), *_authored_domains(seed), *_everyday(data)]
    kept = [e for e in others if e.split == "val" or _stem(e.text) not in seen]
    return main + _capped([replace(e, weight=0.5) for e in kept], seed, 200)


def _subjects(prompts: Sequence[Row]) -> Iterable[Example]:
    for row in prompts:
        domain = targets.SUBJECT_DOMAINS.get(row["category"])
        if row["dataset"] != "mmlu_pro" and domain is not None:
            yield Example(row["prompt"], "subjects", row["split"], row["prompt"], domain)


def _authored_domains(seed: int) -> Iterable[Example]:
    for prompt in authored_prompts(seed):
        domain = targets.AUTHORED_DOMAINS.get(prompt.task)
        if domain is not None:
            yield Example(prompt.text, "authored", prompt.split, prompt.text, domain)


def _everyday(data: Path) -> Iterable[Example]:
    for example in _chat(data):
        yield replace(example, label="other")


def _stem(text: str) -> str:
    """Return the start of a question's letters, to find the same question in two tables."""
    return "".join(filter(str.isalnum, text.lower()))[:80]


def task_examples(data: Path, seed: int) -> list[Example]:
    """Prompts with their task type, at most 900 of each source and task."""
    found = [*_sni_tasks(data), *_prompt_tasks(data), *_chat(data)]
    ours = [
        Example(prompt.text, "authored", prompt.split, prompt.text, prompt.task)
        for prompt in authored_prompts(seed)
    ]
    return _trusting_ours(_balanced(_capped(found, seed) + ours, power=0.5, by_label=True))


def _sni_tasks(data: Path) -> Iterable[Example]:
    for row in read_table(data / "tasks.parquet"):
        task = targets.SNI_TASKS.get(row["label"])
        if row["task"] == "sni_category" and task is not None:
            yield Example(row["prompt"], "sni", row["split"], row["group"], task)


def _prompt_tasks(data: Path) -> Iterable[Example]:
    for row in read_table(data / "prompts.parquet"):
        task = targets.PROMPT_TASKS.get((row["dataset"], row["category"]))
        if task is not None:
            yield Example(row["prompt"], row["dataset"], row["split"], row["prompt_id"], task)


def _chat(data: Path) -> Iterable[Example]:
    for row in read_table(data / "intents.parquet"):
        if row["domains"] in targets.CHAT_INTENTS:
            yield Example(row["prompt"], "intents", row["split"], row["prompt"], "chat")


def familiar_examples(data: Path, seed: int) -> list[Example]:
    """Text in English, which the embedder knows, against text in other languages."""
    tongues = [
        Example(row["text"], "lingua", row["split"], row["text"], _familiar(row["lang"]))
        for row in read_table(data / "language.parquet")
    ]
    english = [replace(e, label="known") for e in task_examples(data, seed)]
    others = [e for e in english if e.source != "authored"]
    ours = [
        Example(prompt.text, "authored", prompt.split, prompt.text, "known")
        for prompt in authored_prompts(seed)
        if prompt.english
    ]
    known = [*_capped(others, seed, 400), *ours]
    draw = random.Random(seed)
    typos = [replace(e, text=mistyped(e.text, draw), source="typos") for e in known[::4]]
    return _balanced([*known, *typos, *tongues], power=0.0, by_label=True)


def _familiar(language: str) -> str:
    return "known" if language == "en" else "foreign"


def _capped(examples: Iterable[Example], seed: int, most: int = _PER_TASK) -> list[Example]:
    """Keep at most `most` examples of each (source, label, split), drawn at random."""
    piles: dict[tuple[str, str, str], list[Example]] = defaultdict(list)
    for example in examples:
        piles[example.source, example.label, example.split].append(example)
    draw = random.Random(seed)
    return [e for pile in piles.values() for e in draw.sample(pile, min(most, len(pile)))]


def _balanced(examples: Sequence[Example], power: float, by_label: bool = False) -> list[Example]:
    """Weigh each source (or label) as its size to the `power`; weights average 1."""
    keys = [example.label if by_label else example.source for example in examples]
    sizes = Counter(keys)
    raw = np.array([sizes[key] ** (power - 1) for key in keys])
    weights = raw / raw.mean()
    return [replace(e, weight=float(w)) for e, w in zip(examples, weights, strict=True)]


def _trusting_ours(examples: Sequence[Example]) -> list[Example]:
    return [
        replace(e, weight=e.weight * _AUTHORED_WEIGHT) if e.source == "authored" else e
        for e in examples
    ]


def of_split(examples: Sequence[Example], split: str) -> list[Example]:
    """Return the examples of `train` or `val`. Raises DataError when there are none."""
    kept = [example for example in examples if example.split == split]
    if not kept:
        raise DataError(f"no examples of split {split!r}")
    return kept


def column(examples: Sequence[Example], name: str) -> NDArray[Any]:
    """Return one attribute of all examples as an array."""
    return np.array([getattr(example, name) for example in examples])


def mean_complexity(examples: Sequence[Example]) -> float:
    """Return the weighted average target of train: the complexity of an average prompt."""
    train = of_split(examples, "train")
    return float(np.average(column(train, "target"), weights=column(train, "weight")))
