"""Circuits: opened by failures in a row, tried by one request, closed by an answer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.circuit import (
    CLOSED,
    FAILURES_TO_OPEN,
    OPEN_S,
    PROBE_S,
    Circuit,
    failed,
    probing,
    released,
)

NOW = 100.0


def after_failures(count: int, now: float = NOW) -> Circuit:
    circuit = CLOSED
    for _ in range(count):
        circuit = failed(circuit, now)
    return circuit


def test_failures_in_a_row_open_it_and_no_sooner() -> None:
    almost, opened = after_failures(FAILURES_TO_OPEN - 1), after_failures(FAILURES_TO_OPEN)

    assert (almost.state(NOW), almost.admits(NOW)) == ("closed", True)
    assert (opened.state(NOW), opened.admits(NOW)) == ("open", False)


def test_it_is_half_open_when_its_time_is_over() -> None:
    opened = after_failures(FAILURES_TO_OPEN)

    assert not opened.admits(NOW + OPEN_S - 0.001)
    assert (opened.state(NOW + OPEN_S), opened.admits(NOW + OPEN_S)) == ("half_open", True)


def test_one_request_at_a_time_probes_it() -> None:
    later = NOW + OPEN_S
    probed = probing(after_failures(FAILURES_TO_OPEN), later)

    assert not probed.admits(later)
    assert released(probed).admits(later)


def test_a_probe_that_never_tells_keeps_others_out_for_a_while_only() -> None:
    probed = probing(after_failures(FAILURES_TO_OPEN), NOW + OPEN_S)

    assert probed.admits(NOW + OPEN_S + PROBE_S)


def test_a_probe_that_fails_opens_it_again_for_as_long() -> None:
    later = NOW + OPEN_S
    again = failed(probing(after_failures(FAILURES_TO_OPEN), later), later)

    assert (again.state(later), again.admits(later + OPEN_S)) == ("open", True)
    assert not again.admits(later + OPEN_S / 2)


def test_calls_that_fail_late_do_not_keep_it_open_any_longer() -> None:
    opened = after_failures(FAILURES_TO_OPEN)

    assert failed(opened, NOW + OPEN_S - 1).open_until == opened.open_until


def test_only_a_half_open_circuit_is_probed() -> None:
    for circuit in (CLOSED, after_failures(1), after_failures(FAILURES_TO_OPEN)):
        assert probing(circuit, NOW) is circuit
        assert released(circuit) is circuit


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from(["fail", "ask", "release"]))))
def test_whatever_happens_it_is_tried_again_within_its_time_and_a_probes(
    steps: list[tuple[float, str]],
) -> None:
    circuit, now = CLOSED, 0.0
    for wait, step in steps:
        now += wait
        if step == "fail":
            circuit = failed(circuit, now)
        elif step == "release":
            circuit = released(circuit)
        elif circuit.admits(now):
            circuit = probing(circuit, now)
        assert circuit.admits(now + max(OPEN_S, PROBE_S))
