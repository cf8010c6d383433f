"""Statistics of a model: a pure fold over its calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.circuit import CLOSED, FAILURES_TO_OPEN, Circuit
from router.core.stats import (
    STALE_S,
    ModelStats,
    Observation,
    StatsSnapshot,
    observe,
)

FAILED = Observation(ok=False)
ANSWERED = Observation(ok=True, first_byte_s=0.5, total_s=2.5, output_tokens=100)


def after(*seen: Observation, now: float = 100.0) -> ModelStats:
    stats = ModelStats()
    for one in seen:
        stats = observe(stats, one, now)
    return stats


def test_the_first_answer_sets_the_means() -> None:
    stats = after(ANSWERED)

    assert (stats.first_byte_s, stats.tokens_per_second, stats.output_tokens) == (0.5, 50.0, 100.0)
    assert stats.calls == 1


def test_later_answers_move_the_means_by_a_fifth() -> None:
    slower = Observation(ok=True, first_byte_s=1.5, total_s=11.5, output_tokens=200)
    stats = after(ANSWERED, slower)

    assert stats.first_byte_s == pytest.approx(0.7)
    assert stats.tokens_per_second == pytest.approx(44.0)
    assert stats.output_tokens == pytest.approx(120.0)


def test_what_an_answer_does_not_tell_leaves_the_means_as_they_were() -> None:
    stats = after(ANSWERED, Observation(ok=True))

    assert (stats.first_byte_s, stats.tokens_per_second, stats.output_tokens) == (0.5, 50.0, 100.0)
    assert stats.calls == 2


@pytest.mark.parametrize(
    ("seen", "speed"),
    [
        (Observation(True, first_byte_s=2.0, total_s=2.0, output_tokens=100), 50.0),
        (Observation(True, first_byte_s=1.95, total_s=2.0, output_tokens=100), 50.0),
        (Observation(True, first_byte_s=1.0, total_s=2.0, output_tokens=100), 100.0),
        (Observation(True, total_s=2.0, output_tokens=100), 50.0),
        (Observation(True, first_byte_s=0.0, total_s=0.0, output_tokens=100), None),
        (Observation(True, first_byte_s=1.0, total_s=2.0, output_tokens=0), None),
        (Observation(True, first_byte_s=1.0, output_tokens=10), None),
    ],
)
def test_speed_is_counted_over_the_writing_and_over_all_of_an_answer_that_came_at_once(
    seen: Observation, speed: float | None
) -> None:
    assert after(seen).tokens_per_second == speed


def test_a_plain_answer_leaves_the_first_byte_alone_and_is_taken_to_have_waited_for_its_own() -> (
    None
):
    stats = after(ANSWERED, Observation(ok=True, total_s=2.5, output_tokens=100))

    assert (stats.first_byte_s, stats.tokens_per_second) == (0.5, 50.0)


def test_speed_and_length_are_of_one_answer_where_several_were_asked_for() -> None:
    stats = after(Observation(ok=True, total_s=11.0, output_tokens=1600, answers=4))

    assert stats.output_tokens == 400
    assert stats.tokens_per_second == pytest.approx(400 / 11)


def test_short_answers_do_not_come_to_no_tokens_at_all() -> None:
    assert (
        after(Observation(ok=True, total_s=1.0, output_tokens=3, answers=4)).output_tokens == 0.75
    )


def test_a_measurement_that_is_too_old_is_forgotten_and_health_is_not() -> None:
    slow = replace(after(ANSWERED), circuit=Circuit(2))

    assert StatsSnapshot(100.0 + STALE_S, {"m": slow}).of("m") is slow
    assert StatsSnapshot(101.0 + STALE_S, {"m": slow}).of("m") == ModelStats(
        circuit=Circuit(2), calls=1
    )


def test_failures_do_not_keep_an_old_measurement_alive() -> None:
    failed = observe(after(ANSWERED), FAILED, 100.0 + STALE_S)

    assert StatsSnapshot(101.0 + STALE_S, {"m": failed}).of("m").first_byte_s is None


def test_what_comes_after_a_long_silence_starts_the_means_anew() -> None:
    quick = Observation(ok=True, first_byte_s=0.1, total_s=1.1, output_tokens=100)
    stats = observe(after(ANSWERED), quick, 101.0 + STALE_S)

    assert (stats.first_byte_s, stats.tokens_per_second) == (0.1, 100.0)
    assert stats.calls == 2


def test_failures_in_a_row_open_the_circuit() -> None:
    assert after(*[FAILED] * (FAILURES_TO_OPEN - 1)).circuit.admits(100.0)
    assert not after(*[FAILED] * FAILURES_TO_OPEN).circuit.admits(100.0)


def test_an_answer_ends_the_row_of_failures() -> None:
    stats = after(*[FAILED] * FAILURES_TO_OPEN, ANSWERED)

    assert stats.circuit == CLOSED
    assert stats.calls == FAILURES_TO_OPEN + 1


def test_failures_leave_the_means_as_they_were() -> None:
    assert after(ANSWERED, FAILED).first_byte_s == 0.5


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_a_mean_stays_between_the_least_and_the_most_seen(times: list[float]) -> None:
    mean = after(*(Observation(ok=True, first_byte_s=time) for time in times)).first_byte_s

    assert mean is not None
    assert min(times) - 1e-9 <= mean <= max(times) + 1e-9


def test_a_model_nobody_has_asked_has_empty_statistics() -> None:
    stats = after(ANSWERED)
    snapshot = StatsSnapshot(0.0, {"seen": stats})

    assert snapshot.of("seen") is stats
    assert snapshot.of("unseen") == ModelStats()
