"""The card's figures are those that `slm-router evaluate` finds."""

from __future__ import annotations

from pathlib import Path

from classifiers import dataset
from classifiers.card_figures import routing_figures
from classifiers.pairs import APGR, CPT50, OURS, evaluate_pair
from classifiers.prompt_classifier import PromptClassifier
from classifiers.results import read_results
from classifiers.targets import REPORTED_PAIRS
from tests.classifiers.tables import write_tables


def test_the_card_says_what_evaluate_finds(tmp_path: Path, small: PromptClassifier) -> None:
    data = write_tables(tmp_path)
    (table,) = (it for name, it in read_results(data).items() if name == "mmlu_pro")

    card = routing_figures(dataset.complexity_examples(data, seed=1), small, rounds=10)
    found = evaluate_pair(table, REPORTED_PAIRS["mmlu_pro"], small, rounds=10)

    assert list(card) == ["routing mmlu_pro", "flips mmlu_pro"]
    assert card["routing mmlu_pro"][APGR] == found.figures[OURS][APGR]
    assert card["routing mmlu_pro"][CPT50] == found.figures[OURS][CPT50]
    for name in ("kNN", "TF-IDF + ridge", "random", "oracle"):
        assert card["routing mmlu_pro"][f"APGR {name}"] == found.figures[name][APGR]
    assert card["flips mmlu_pro"] == found.flips
    assert "APGR always small" not in card["routing mmlu_pro"]
