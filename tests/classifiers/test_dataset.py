from __future__ import annotations

from pathlib import Path

import pytest

from classifiers import dataset
from classifiers.dataset import Example
from classifiers.errors import DataError
from classifiers.targets import DOMAINS, LARGE_MODELS, SMALL_MODELS, TASKS
from tests.classifiers.tables import write_tables


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tables(tmp_path_factory.mktemp("data"))


def test_complexity_is_small_failing_where_large_succeeds(data: Path) -> None:
    scores = dataset.model_scores(data)
    for example in dataset.complexity_examples(data, seed=1):
        if example.source != "mmlu_pro":
            continue
        found = scores["mmlu_pro", example.group.removeprefix("mmlu_pro/")]
        small = [found[model] for model in SMALL_MODELS["mmlu_pro"]]
        large = [found[model] for model in LARGE_MODELS["mmlu_pro"]]
        expected = (1 - sum(small) / len(small)) * (sum(large) / len(large))
        assert example.target == pytest.approx(expected)


def test_win_rates_of_different_judges_are_never_mixed(data: Path) -> None:
    found = dataset.model_scores(data)

    assert all(0.123 not in scores.values() for scores in found.values())


def test_the_split_column_is_respected(data: Path) -> None:
    found = dataset.domain_examples(data, seed=1)
    train, val = (dataset.of_split(found, split) for split in ("train", "val"))

    texts = [{e.text for e in part if e.source == "mmlu_pro"} for part in (train, val)]
    assert texts[0] and texts[1] and not texts[0] & texts[1]


def test_no_task_group_stands_on_both_sides(data: Path) -> None:
    found = [e for e in dataset.task_examples(data, seed=1) if e.source == "sni"]
    train, val = ({e.group for e in found if e.split == split} for split in ("train", "val"))

    assert train and val and not train & val


def test_categories_without_a_task_of_ours_are_left_out(data: Path) -> None:
    found = dataset.task_examples(data, seed=1)

    assert {example.label for example in found} <= set(TASKS)
    assert not any("Entity Generation" in example.text for example in found)


def test_every_label_has_training_prompts(data: Path) -> None:
    for labels, found in (
        (DOMAINS, dataset.domain_examples(data, seed=1)),
        (TASKS, dataset.task_examples(data, seed=1)),
        (("foreign", "known"), dataset.familiar_examples(data, seed=1)),
    ):
        assert {e.label for e in dataset.of_split(found, "train")} == set(labels)


def test_the_same_seed_reads_the_same_examples(data: Path) -> None:
    first, second = (dataset.task_examples(data, seed=5) for _ in range(2))

    # As text: a NaN is not itself, from Python 3.13 on not within a dataclass either.
    assert list(map(repr, first)) == list(map(repr, second))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"scores\.parquet"):
        dataset.model_scores(tmp_path)


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(DataError, match="'val'"):
        dataset.of_split([Example("a", "s", "train", "g")], "val")
