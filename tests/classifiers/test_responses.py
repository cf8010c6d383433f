"""Score tables as blocks: names, judges, weights and anchors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.responses import Responses, read_responses, short_name, subset
from tests.classifiers.tables import write_tables


@pytest.fixture(scope="module")
def responses(tmp_path_factory: pytest.TempPathFactory) -> Responses:
    return read_responses(write_tables(tmp_path_factory.mktemp("data")), seed=1)


def test_a_model_is_named_by_the_last_part_of_its_path() -> None:
    assert short_name("mistralai/Mixtral-8x7B-Instruct-v0.1") == "Mixtral-8x7B-Instruct-v0.1"


def test_only_a_foreign_judge_is_shifted_and_judges_never_share_a_block(
    responses: Responses,
) -> None:
    alpaca = [b for b in responses.blocks if responses.sources[b.rows[0]] == "alpaca_eval"]

    assert sorted(block.shifted for block in alpaca) == [False, True]
    foreign = next(block for block in alpaca if block.shifted)
    assert np.unique(foreign.scores[foreign.weights > 0]).tolist() == [0.123]
    assert sum(block.shifted for block in responses.blocks) == 1


def test_every_prompt_of_a_table_weighs_alike_and_tables_as_the_root_of_their_size(
    responses: Responses,
) -> None:
    totals = np.zeros(len(responses.texts))
    for block in responses.blocks:
        totals[block.rows] += block.weights.sum(axis=1)
    weight = {s: totals[responses.sources == s] for s in ("mmlu_pro", "alpaca_eval")}

    for each in weight.values():
        np.testing.assert_allclose(each, each[0])
    ratio = weight["mmlu_pro"].sum() / weight["alpaca_eval"].sum()
    assert ratio == pytest.approx((84 / 6) ** 0.5)


def test_anchors_are_scored_so_that_their_gap_is_their_target(responses: Responses) -> None:
    anchors = responses.blocks[-1]
    easy = responses.sources[anchors.rows] == "intents"
    small, large = anchors.scores[easy][:, 0], anchors.scores[easy][:, -1]

    assert easy.any()
    np.testing.assert_allclose((1 - small) * large, 0.02, atol=1e-6)


def test_a_subset_keeps_the_scores_of_its_prompts(responses: Responses) -> None:
    kept = responses.splits == "val"
    whole, part = responses.blocks[0], subset(responses, kept)[0]
    number = np.flatnonzero(kept)

    assert set(number[part.rows]) == set(whole.rows[kept[whole.rows]])
    place = list(whole.rows).index(number[part.rows[0]])
    assert np.array_equal(part.scores[0], whole.scores[place])


def test_a_model_without_a_score_on_a_prompt_has_no_weight_there(
    tmp_path: Path, responses: Responses
) -> None:
    foreign = next(block for block in responses.blocks if block.shifted)

    assert (foreign.scores[foreign.weights == 0] == 0).all()
