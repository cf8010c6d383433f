"""What a month will have cost: from whole days, with what the days to come may differ by."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import t

from router.evidence.projection import LEAST_DAYS, month_end


def test_it_is_the_mean_day_with_students_prediction_interval() -> None:
    days = [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0]
    figure = month_end("month_spend", "spend", 20.0, days, 10.0)
    reach = t.ppf(0.975, 7) * np.std(days, ddof=1) * sqrt(10 + 100 / 8)

    assert figure.value == pytest.approx(40.0)
    assert figure.high == pytest.approx(40.0 + reach, rel=0.01)
    assert figure.low == pytest.approx(max(40.0 - reach, 20.0), rel=0.01)
    assert figure.sentence.startswith("Spend by the end of the month: about 40.00 USD [")
    assert figure.sentence.endswith("if the days to come are like the last 8; 20.00 USD so far.")


def test_working_days_and_others_are_told_apart_once_three_weeks_were_seen() -> None:
    week = [10.0, 10.0, 10.0, 10.0, 10.0, 1.0, 1.0]
    figure = month_end("month_spend", "spend", 0.0, week * 4, 5.0)

    assert figure.value == pytest.approx(50.0)
    assert figure.high == pytest.approx(50.0)
    assert month_end("m", "spend", 0.0, week * 2, 5.0).value == pytest.approx(5 * 52 / 7)


def test_part_of_a_day_counts_as_part() -> None:
    assert month_end("m", "spend", 0.0, [2.0] * 30, 1.5).value == pytest.approx(3.0)
    assert month_end("m", "spend", 7.0, [2.0] * 30, 0.0).value == pytest.approx(7.0)


def test_it_is_today_of_which_a_part_is_over() -> None:
    # Today is a working day and nearly over; two days that are none come behind it.
    days = [1.0, 1.0, 10.0, 10.0, 10.0, 10.0, 10.0] * 3

    assert month_end("m", "spend", 0.0, [*days, 1.0, 1.0, 10.0, 10.0, 10.0, 10.0], 2.1).value == (
        pytest.approx(0.1 * 10.0 + 1.0 + 1.0)
    )


def test_on_the_first_day_it_is_not_said_that_nothing_was_spent() -> None:
    first = month_end("month_spend", "spend", 5.0, [], 29.5)

    assert first.sentence == "No whole day of priced spend yet to project to month end."


def test_what_is_spent_is_spent_but_a_saving_may_turn() -> None:
    wild = [0.0, 50.0, 0.0, 0.0, 80.0, 0.0, 0.0, 1.0]
    spend = month_end("month_spend", "spend", 30.0, wild, 3.0)
    saved = month_end("month_saved", "savings", 30.0, [*wild, -5.0], 3.0)

    assert spend.low == 30.0
    assert saved.low is not None and saved.low < 30.0


def test_without_days_there_is_nothing_to_project() -> None:
    assert month_end("m", "spend", 0.0, [], 3).state == "not_measured"
    assert month_end("m", "spend", 0.0, [0.0] * 9, 3).state == "not_measured"
    few = month_end("m", "spend", 1.0, [1.0] * (LEAST_DAYS - 1), 3)
    assert (few.state, few.n, few.needed) == ("not_enough_data", LEAST_DAYS - 1, LEAST_DAYS)
