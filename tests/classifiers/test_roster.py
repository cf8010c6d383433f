"""Rosters over the shipped classifier: what is known of a model decides how it is foreseen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifiers.base import FloatArray
from classifiers.gap import Everyday
from classifiers.prompt_classifier import PromptClassifier
from classifiers.roster import LABELS, PRIOR, Member, Roster
from classifiers.targets import LARGE_MODELS, SMALL_MODELS

SMALL, LARGE = SMALL_MODELS["mmlu_pro"][0], LARGE_MODELS["mmlu_pro"][0]
TEXTS = [
    "Hello there!",
    "What is the capital of France?",
    "Write a Python function that merges two sorted lists.",
    "Prove that there are infinitely many primes of the form 4k + 3, justifying every step.",
]


@pytest.fixture(scope="module")
def everyday(shipped: PromptClassifier) -> Everyday:
    return Everyday.of(shipped)


def adapted(classifier: PromptClassifier, *names: str) -> PromptClassifier:
    """The classifier as if these models had been learned from the user's own labels."""
    body = {**classifier.manifest.body, "adapted": list(names)}
    return replace(classifier, manifest=replace(classifier.manifest, body=body))


def foreseen(roster: Roster, classifier: PromptClassifier, texts: list[str]) -> FloatArray:
    """The chances [n, m]."""
    found = roster.foreseen(*classifier.judge_with_blend(texts))
    return np.array([one.quality for one in found], dtype=np.float32)


def averages(roster: Roster, classifier: PromptClassifier) -> FloatArray:
    """Each model's mean chance over everyday requests."""
    from classifiers.sample import sample_prompts

    result: FloatArray = foreseen(roster, classifier, sample_prompts()).mean(axis=0)
    return result


def test_the_source_of_each_models_chances_is_told(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    members = (
        Member("mine", 0.7, aliases=(f"lab/{SMALL}",)),
        Member(LARGE, 0.9),
        Member("nobody knows me", 0.8),
    )
    roster = Roster.of(adapted(shipped, LARGE), members, None, everyday)

    assert roster.names == ("mine", LARGE, "nobody knows me")
    assert roster.sources == (f"measured as {SMALL}", LABELS, PRIOR)


def test_a_models_name_counts_before_its_aliases(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    roster = Roster.of(shipped, (Member(SMALL, 0.7, aliases=(LARGE,)),), None, everyday)

    assert roster.sources == (f"measured as {SMALL}",)


@pytest.mark.parametrize("prior", [0.3, 0.62, 0.93])
@pytest.mark.parametrize("name", [SMALL, "nobody knows me"])
def test_the_prior_is_the_mean_chance_over_everyday_requests(
    shipped: PromptClassifier, everyday: Everyday, name: str, prior: float
) -> None:
    members = (Member(name, prior), Member("the best", 0.96))
    roster = Roster.of(shipped, members, None, everyday)

    found = averages(roster, shipped)

    assert found[0] == pytest.approx(prior, abs=0.03)
    assert found[1] == pytest.approx(0.96, abs=0.01)


def test_own_labels_count_as_they_are_whatever_the_prior(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    classifier = adapted(shipped, SMALL)

    low, high = (
        foreseen(Roster.of(classifier, (Member(SMALL, p),), None, everyday), classifier, TEXTS)
        for p in (0.1, 0.9)
    )

    np.testing.assert_allclose(low, high)
    np.testing.assert_allclose(low, classifier.quality(TEXTS, [SMALL]), atol=1e-6)


def test_what_a_measured_model_is_good_at_does_not_depend_on_its_prior(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    low, high = (
        foreseen(Roster.of(shipped, (Member(SMALL, p),), None, everyday), shipped, TEXTS)[:, 0]
        for p in (0.4, 0.8)
    )

    assert np.all(low < high)
    assert list(np.argsort(low)) == list(np.argsort(high))


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_a_prior_of_nought_or_one_is_taken_for_nearly_that(
    shipped: PromptClassifier, everyday: Everyday, prior: float
) -> None:
    members = (Member("sure", prior), Member("other", 0.5))

    found = foreseen(Roster.of(shipped, members, None, everyday), shipped, TEXTS)

    assert np.isfinite(found).all()
    assert np.all((found >= 0) & (found <= 1))
    assert abs(found[:, 0] - prior).max() < 0.2


def test_among_unmeasured_models_a_better_prior_is_never_foreseen_worse(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    members = tuple(Member(f"m{place}", prior) for place, prior in enumerate((0.5, 0.7, 0.8, 0.9)))

    found = foreseen(Roster.of(shipped, members, None, everyday), shipped, TEXTS)

    assert np.all(np.diff(found, axis=1) >= -1e-6)


def test_the_large_model_gains_most_where_the_small_one_falls_short(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    members = (Member("small", 0.7), Member("large", 0.93))

    found = foreseen(Roster.of(shipped, members, None, everyday), shipped, TEXTS)
    gain = found[:, 1] - found[:, 0]

    assert gain[3] > 2 * gain[0]


CODER = Member("coder", 0.6, tasks=(("code", 0.85),))
PLAIN = Member("coder", 0.6)


def test_a_prior_for_the_task_moves_an_unmeasured_model_halfway_and_only_there(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    special, plain = (
        foreseen(Roster.of(shipped, (m, Member("best", 0.9)), None, everyday), shipped, TEXTS)
        for m in (CODER, PLAIN)
    )
    odds = np.log(special / (1 - special)) - np.log(plain / (1 - plain))

    assert odds[2, 0] == pytest.approx(0.5 * (np.log(0.85 / 0.15) - np.log(0.6 / 0.4)), abs=0.01)
    assert abs(odds[[0, 1, 3], 0]).max() < 1e-5
    assert abs(odds[:, 1]).max() < 1e-5


def test_a_prior_for_the_task_is_not_counted_twice_for_a_measured_model(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    special, plain = (
        foreseen(
            Roster.of(shipped, (Member(SMALL, 0.6, tasks=tasks),), None, everyday), shipped, TEXTS
        )
        for tasks in (CODER.tasks, ())
    )

    np.testing.assert_allclose(special, plain)


@pytest.mark.parametrize(
    ("names", "has_gap"),
    [((SMALL, LARGE), True), ((SMALL, "x"), False), (("x", LARGE), False), (("x", "y"), False)],
)
def test_there_is_a_gap_of_their_own_where_both_models_are_known(
    shipped: PromptClassifier, everyday: Everyday, names: tuple[str, str], has_gap: bool
) -> None:
    members = (Member(names[0], 0.6), Member(names[1], 0.9))

    assert (Roster.of(shipped, members, names, everyday).gap is not None) is has_gap
    assert Roster.of(shipped, members, None, everyday).gap is None


def test_without_scores_per_model_there_is_no_roster(
    small: PromptClassifier, everyday: Everyday
) -> None:
    with pytest.raises(ValueError, match="without scores"):
        Roster.of(small, (Member("x", 0.5),), None, everyday)


def test_only_models_that_were_measured_can_be_adapted(shipped: PromptClassifier) -> None:
    assert adapted(shipped, SMALL, "nobody").adapted == {SMALL}
    assert adapted(shipped).adapted == frozenset()
