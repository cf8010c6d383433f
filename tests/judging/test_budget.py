"""What reviews may cost in a day, those under way included."""

from hypothesis import given
from hypothesis import strategies as st

from router.judging.budget import SECONDS_PER_DAY, Budget

NOON = 20_000 * SECONDS_PER_DAY + 43_200


def test_what_is_under_way_counts() -> None:
    budget = Budget()

    assert budget.reserve(0.6, 1.0, NOON)
    assert not budget.reserve(0.6, 1.0, NOON)
    budget.settle(0.6, 0.1, NOON)
    assert budget.reserve(0.6, 1.0, NOON)


def test_a_day_begins_anew_and_what_is_under_way_is_paid_in_it() -> None:
    budget = Budget()
    assert budget.reserve(0.9, 1.0, NOON)
    budget.settle(0.9, 0.9, NOON)
    assert not budget.reserve(0.2, 1.0, NOON + 43_199)
    assert budget.reserve(0.7, 1.0, NOON + 43_200)

    budget.settle(0.7, 0.7, NOON + 50_000)

    assert not budget.reserve(0.4, 1.0, NOON + 60_000)


def test_a_clock_that_is_set_back_gives_nothing_back() -> None:
    budget = Budget()
    assert budget.reserve(0.9, 1.0, NOON)
    budget.settle(0.9, 0.9, NOON)

    assert not budget.reserve(0.2, 1.0, NOON - SECONDS_PER_DAY)


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 1), st.booleans()), max_size=20))
def test_no_order_of_reviews_that_keep_to_their_reserve_overruns_the_ceiling(
    reviews: list[tuple[float, float, bool]],
) -> None:
    budget, spent, open_ = Budget(), 0.0, list[tuple[float, float]]()

    for needed, part, waits in reviews:
        if budget.reserve(needed, 1.0, NOON):
            open_.append((needed, needed * part))
        if not waits:
            for reserved, paid in open_:
                budget.settle(reserved, paid, NOON)
                spent += paid
            open_ = []
        assert spent + sum(paid for _, paid in open_) <= 1.0 + 1e-9


def test_nothing_is_reserved_beyond_the_ceiling() -> None:
    budget = Budget()

    assert not budget.reserve(1.01, 1.0, NOON)
    assert budget.reserve(1.0, 1.0, NOON)
