"""What most classifier tests start from: the shipped tokeniser and a classifier trained here."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from classifiers import prompt_classifier as names
from classifiers.dataset import Example, mean_complexity
from classifiers.embedders.hashing import HashingEmbedder
from classifiers.prompt_classifier import PRETRAINED, TOKENISER, PromptClassifier, save
from classifiers.targets import DOMAINS, TASKS
from classifiers.tokens import Tokeniser
from classifiers.train import SHIPPED, Tables, train
from classifiers.whole import STEPS, save_whole, train_whole
from tests.classifiers.tables import write_tables

WORDS = ["apple", "river", "stone", "music", "paper", "window", "garden", "silver", "number"]


def generated_examples(labels: tuple[str, ...], seed: int, each: int = 6) -> list[Example]:
    """Prompts whose label is among their words, half of them for val."""
    draw = random.Random(seed)
    return [
        Example(
            text=" ".join([label, *draw.choices(WORDS, k=5), label]),
            source="generated",
            split="train" if index % 2 else "val",
            group=f"{label}/{index}",
            label=label,
            target=place / max(len(labels) - 1, 1),
            weak=float(index % 3 == 0),
            strong=1.0,
        )
        for place, label in enumerate(labels)
        for index in range(2 * each)
    ]


def generated_tables(seed: int = 0) -> Tables:
    """Tables of every head, made up and small."""
    complexity = generated_examples(("hello", "prove", "derive"), seed, each=20)
    return {
        names.COMPLEXITY: complexity,
        names.COMPLEXITY_SURFACE: complexity,
        names.DOMAIN: generated_examples(DOMAINS, seed),
        names.TASK: generated_examples(TASKS, seed),
        names.FAMILIAR: generated_examples(("foreign", "known"), seed, each=20),
    }


@pytest.fixture(scope="session")
def tokeniser() -> Tokeniser:
    return Tokeniser.from_bytes((PRETRAINED / TOKENISER).read_bytes())


@pytest.fixture(scope="session")
def small_artifact(tokeniser: Tokeniser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier trained on generated prompts with the hashing embedder, saved."""
    tables = generated_tables()
    encoder, heads = train(tables, tokeniser, HashingEmbedder(32), buckets=512)
    folder = tmp_path_factory.mktemp("artifact")
    save(folder, encoder, heads, {"mean_complexity": mean_complexity(tables[names.COMPLEXITY])})
    return folder


@pytest.fixture(scope="session")
def small(small_artifact: Path) -> PromptClassifier:
    return PromptClassifier.load(small_artifact)


@pytest.fixture(scope="session")
def whole_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole classifier, learned from made-up tables and saved."""
    data = write_tables(tmp_path_factory.mktemp("data"))
    out = tmp_path_factory.mktemp("whole")
    heard: list[str] = []
    save_whole(out, train_whole(data, HashingEmbedder(), 256, SHIPPED, 20, heard.append))
    assert len(heard) == STEPS
    return out


@pytest.fixture(scope="session")
def shipped() -> PromptClassifier:
    return PromptClassifier.load()
