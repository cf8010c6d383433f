"""Drift of the inputs: nothing made of nothing, and chance not taken for a change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, entropy

from router.evidence.drift import (
    chi_squared,
    drift,
    drift_of_labels,
    drift_of_numbers,
    stability_index,
)

counts = st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any)


@given(counts, counts)
@settings(max_examples=50)
def test_it_is_the_symmetrised_relative_entropy(expected: list[int], seen: list[int]) -> None:
    then, now = np.array(expected, float), np.array(seen, float)
    p, q = (then + 0.5) / (then + 0.5).sum(), (now + 0.5) / (now + 0.5).sum()

    found = stability_index(then, now)
    assert found == pytest.approx(entropy(p, q) + entropy(q, p), abs=1e-9)
    assert found == pytest.approx(stability_index(now, then))
    assert found >= 0


@pytest.mark.parametrize("freedom", [1, 4, 9, 30])
def test_the_chi_squared_quantile_is_scipys(freedom: int) -> None:
    assert chi_squared(freedom, 0.95) == pytest.approx(chi2.ppf(0.95, freedom), rel=0.03)


def test_the_same_shares_are_as_in_training() -> None:
    figure = drift("complexity", [100, 200, 300], [50, 100, 150])

    assert figure.value == pytest.approx(0.0, abs=1e-3)
    assert figure.low == 0.0
    assert figure.sentence.startswith("complexity: as in training, as far as chance lets one see")


def test_another_kind_of_request_is_seen_as_one() -> None:
    figure = drift("domain", [900, 50, 50], [50, 50, 900])

    assert figure.low is not None and figure.low > 0.25
    assert "much other than in training" in figure.sentence


def test_a_little_that_is_beyond_chance_is_called_a_little() -> None:
    figure = drift("size", [50_000, 50_000], [52_000, 48_000])

    assert "a little other than in training" in figure.sentence


def test_few_requests_or_no_training_make_no_figure() -> None:
    assert drift("size", [10, 10], [3, 4]).state == "not_enough_data"
    assert drift("size", [0, 0], [3, 4]).state == "not_measured"
    with pytest.raises(ValueError, match="2 bins were learned from and 3 seen"):
        drift("size", [1, 2], [1, 2, 3])


def test_numbers_are_counted_in_the_pieces_that_training_was_counted_in() -> None:
    expected = [50, 50, 50, 50]
    values = [0.0, 0.2, 0.25, 0.49, 0.5, 0.7, 0.75, 0.99] * 10
    alike = drift_of_numbers("complexity", expected, values)
    assert alike.figure.value == 0.0
    assert alike.chance is not None and 0 < alike.chance < 0.2
    assert drift_of_numbers("complexity", expected, [1.0] * 80).figure.value == pytest.approx(
        stability_index(np.array(expected, float), np.array([0.0, 0, 0, 80]))
    )


def test_a_label_that_training_had_not_is_seen_as_drift() -> None:
    expected = {"law": 500, "maths": 500}
    same = drift_of_labels("domain", expected, ["law", "maths"] * 50)
    new = drift_of_labels("domain", expected, ["law", "poetry"] * 50)
    assert same.figure.value is not None and same.chance is not None
    assert same.figure.value < same.chance
    assert new.figure.value is not None and new.figure.value > 0.25
    assert new.figure.n == 100


def test_without_a_record_of_training_or_of_traffic_nothing_is_compared() -> None:
    assert drift_of_labels("task", {}, ["chat"] * 99).figure.state == "not_measured"
    assert drift_of_numbers("complexity", [], [0.5] * 99).figure.state == "not_measured"
    few = drift_of_labels("task", {"chat": 9, "code": 9}, ["chat"])
    assert (few.figure.state, few.chance) == ("not_enough_data", None)
