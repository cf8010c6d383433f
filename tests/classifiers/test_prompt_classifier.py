"""The shipped classifier: what it must get right, and what it must never do."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.prompt_classifier import PRETRAINED, PromptClassifier
from classifiers.targets import DOMAINS, TASKS

NATURAL: dict[str, Any] = json.loads(
    Path(__file__).with_name("natural_prompts.json").read_text(encoding="utf-8")
)
any_text = st.one_of(
    st.text(max_size=300),
    st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")),
    st.text(st.characters(categories=["Cs"]), min_size=1, max_size=5),
    st.builds(lambda unit, count: unit * count, st.text(min_size=1, max_size=5), st.just(20_000)),
)


def complexities(classifier: PromptClassifier, texts: list[str]) -> list[float]:
    return [found.complexity for found in classifier.judge(texts)]


def share_right(classifier: PromptClassifier, labelled: list[list[str]]) -> float:
    judged = classifier.judge([text for _, text in labelled])
    return float(np.mean([f.task == task for f, (task, _) in zip(judged, labelled, strict=True)]))


def test_it_knows_the_fourteen_domains_and_twelve_tasks(shipped: PromptClassifier) -> None:
    assert set(shipped.domains) == set(DOMAINS) and len(DOMAINS) == 14
    assert set(shipped.tasks) == set(TASKS) and len(TASKS) == 12


def test_the_shipped_artifact_stays_small() -> None:
    assert sum(path.stat().st_size for path in PRETRAINED.iterdir()) < 12_000_000


def test_most_natural_prompts_get_their_task(shipped: PromptClassifier) -> None:
    assert share_right(shipped, NATURAL["by_task"]) >= 0.7


def test_most_prompts_written_after_training_get_their_task(shipped: PromptClassifier) -> None:
    assert share_right(shipped, NATURAL["fresh"]) >= 0.6


def test_every_easy_prompt_is_less_complex_than_every_hard_one(shipped: PromptClassifier) -> None:
    easy, hard = (complexities(shipped, NATURAL[name]) for name in ("easy", "hard"))

    assert max(easy) < min(hard)
    assert np.mean(hard) > 3 * np.mean(easy)


def test_an_easy_prompt_is_easier_than_average(shipped: PromptClassifier) -> None:
    assert all(found.difficulty < -0.3 for found in shipped.judge(NATURAL["easy"]))


def test_hard_prompts_in_other_languages_are_not_taken_for_chit_chat(
    shipped: PromptClassifier,
) -> None:
    easy = complexities(shipped, NATURAL["easy_in_other_languages"])
    hard = complexities(shipped, NATURAL["hard_in_other_languages"])

    assert max(easy) < min(hard)


def test_it_admits_to_not_knowing_other_languages(shipped: PromptClassifier) -> None:
    foreign = NATURAL["hard_in_other_languages"] + NATURAL["easy_in_other_languages"]
    for found in shipped.judge(foreign):
        confidences = (found.complexity_confidence, found.domain_confidence, found.task_confidence)
        assert max(confidences) < 0.5


def test_it_is_confident_about_plain_english(shipped: PromptClassifier) -> None:
    english = shipped.judge(NATURAL["easy"] + NATURAL["hard"])

    assert np.median([found.complexity_confidence for found in english]) > 0.6


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("What is the derivative of x^3?", "math"),
        ("Which enzyme unwinds the DNA double helix during replication?", "biology"),
        ("How does the Federal Reserve's interest rate affect aggregate demand?", "economics"),
        ("Is an oral contract for the sale of land enforceable by the buyer?", "law"),
        ("Balance the chemical equation: Fe + O2 -> Fe2O3", "chemistry"),
        ("Write a Python function that sorts a list.", "computer science"),
    ],
)
def test_plain_questions_get_their_domain(
    shipped: PromptClassifier, text: str, domain: str
) -> None:
    assert shipped.judge([text])[0].domain == domain


@settings(max_examples=60, deadline=None)
@given(any_text)
def test_any_text_at_all_gets_sound_probabilities(text: str) -> None:
    found = _shipped().judge([text])[0]

    assert 0 <= found.complexity <= 1 and np.isfinite(found.difficulty)
    for confidence in (
        found.complexity_confidence,
        found.domain_confidence,
        found.task_confidence,
    ):
        assert 0 <= confidence <= 1
    for scores, best in ((found.domain_scores, found.domain), (found.task_scores, found.task)):
        assert sum(scores.values()) == pytest.approx(1, abs=1e-4)
        assert all(0 <= score <= 1 for score in scores.values())
        assert max(scores, key=lambda name: scores[name]) == best


_LOADED: list[PromptClassifier] = []


def _shipped() -> PromptClassifier:
    """Hypothesis wants no function-scoped fixtures; load once all the same."""
    if not _LOADED:
        _LOADED.append(PromptClassifier.load())
    return _LOADED[0]


def test_no_texts_get_no_judgement(shipped: PromptClassifier) -> None:
    assert shipped.judge([]) == []


def test_a_prompt_is_judged_alike_alone_and_in_company(shipped: PromptClassifier) -> None:
    texts = NATURAL["easy"] + NATURAL["hard"]
    alone = [shipped.judge([text])[0].complexity for text in texts]

    np.testing.assert_allclose(complexities(shipped, texts), alone, atol=1e-5)


def test_threads_may_share_one_classifier(shipped: PromptClassifier) -> None:
    texts = NATURAL["hard"] * 4
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: shipped.judge([text])[0], texts))

    assert found == [shipped.judge([text])[0] for text in texts]


def test_serving_imports_neither_scikit_learn_nor_torch() -> None:
    code = (
        "import sys; from classifiers.prompt_classifier import PromptClassifier;"
        "PromptClassifier.load().judge(['hi']);"
        "heavy = {'sklearn', 'scipy', 'torch', 'pandas', 'pyarrow', 'model2vec',"
        " 'sentence_transformers', 'router'} & set(sys.modules);"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_a_classifier_trained_here_finds_the_words_it_was_taught(small: PromptClassifier) -> None:
    found = small.judge(["translation apple river stone music paper translation"])[0]

    assert found.task == "translation"
    assert small.judge(["derive silver derive"])[0].complexity > (
        small.judge(["hello silver hello"])[0].complexity
    )


def test_difficulty_is_nought_at_the_average_complexity(small: PromptClassifier) -> None:
    found = small.judge(["prove garden window prove"])[0]
    average = small.manifest.body["mean_complexity"]
    by_hand = np.log(found.complexity / (1 - found.complexity)) - np.log(average / (1 - average))

    assert found.difficulty == pytest.approx(by_hand, abs=1e-3)
