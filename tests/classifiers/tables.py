"""A folder of small made-up tables in the shape of the real ones."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from classifiers.targets import ALPACA_JUDGE, DOMAINS, LARGE_MODELS, SMALL_MODELS

Row = dict[str, Any]


def write_tables(folder: Path, seed: int = 0) -> Path:
    """Write prompts, scores, tasks, intents and language tables; returns the folder."""
    draw = random.Random(seed)
    prompts = _prompts()
    tables: dict[str, list[Row]] = {
        "prompts": prompts,
        "scores": [row for prompt in prompts for row in _scores(prompt, draw)],
        "tasks": _tasks(),
        "intents": _intents(),
        "language": _languages(),
    }
    for name, rows in tables.items():
        parquet.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return folder


def _split(index: int) -> str:
    return "val" if index % 3 == 0 else "train"


def _prompts() -> list[Row]:
    exam = [
        _prompt("mmlu_pro", index, f"{domain} question {index}: which of these?", domain)
        for domain in DOMAINS
        for index in range(6)
    ]
    chat = [_prompt("alpaca_eval", index, f"help me {index}", "koala") for index in range(6)]
    return exam + chat


def _prompt(dataset: str, index: int, text: str, category: str) -> Row:
    return {
        "dataset": dataset,
        "prompt_id": f"{category}-{index}",
        "prompt": text,
        "category": category,
        "split": _split(index),
    }


def _scores(prompt: Row, draw: random.Random) -> list[Row]:
    dataset = prompt["dataset"]
    judge = ALPACA_JUDGE if dataset == "alpaca_eval" else None
    base = {"dataset": dataset, "prompt_id": prompt["prompt_id"]}
    rows = [
        {**base, "model": model, "score": float(draw.random() < chance), "judge": judge}
        for models, chance in ((SMALL_MODELS[dataset], 0.4), (LARGE_MODELS[dataset], 0.8))
        for model in models
    ]
    if dataset == "alpaca_eval":
        rows.append({**base, "model": rows[0]["model"], "score": 0.123, "judge": "another"})
    return rows


def _tasks() -> list[Row]:
    return [
        {
            "task": "sni_category",
            "label": label,
            "prompt": f"{label} number {index}",
            "group": f"{label}-{index % 4}",
            "split": _split(index % 4),
        }
        for label in ("Summarization", "Paraphrasing", "Sentiment Analysis", "Entity Generation")
        for index in range(8)
    ]


def _intents() -> list[Row]:
    return [
        {"prompt": f"hello friend {index}", "domains": "small_talk", "split": _split(index)}
        for index in range(12)
    ]


def _languages() -> list[Row]:
    return [
        {"lang": lang, "text": f"{text} {index}", "split": _split(index)}
        for lang, text in (("en", "the house is old"), ("de", "das Haus ist sehr alt"))
        for index in range(9)
    ]
