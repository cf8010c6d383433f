"""Circuits are told: every state to the metric, and one line when one opens or closes for good."""

import logging

import pytest

from router.core.circuit import FAILURES_TO_OPEN, OPEN_S
from router.core.stats import Observation
from router.stores.memory import MemoryStatsStore
from router.telemetry.circuits import CircuitObserver
from tests.fakes.clock import FakeClock

DOWN = Observation(ok=False, upstream="near", server_ok=False)


def test_a_spell_of_failures_is_two_lines_and_every_state_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[tuple[str, str, str]] = []
    clock = FakeClock()
    store = MemoryStatsStore(clock, CircuitObserver(lambda *change: told.append(change)))

    with caplog.at_level(logging.INFO):
        for _ in range(FAILURES_TO_OPEN + 3):
            store.observe("small", DOWN)
        for _ in range(2):
            clock.advance(OPEN_S)
            store.enter("small", "near")
            store.observe("small", DOWN)
        clock.advance(OPEN_S)
        store.enter("small", "near")
        store.observe("small", Observation(ok=True, upstream="near", server_ok=True))

    states = [state for kind, name, state in told if (kind, name) == ("upstream", "near")]
    assert states == ["open", *["half_open", "open"] * 2, "half_open", "closed"]
    lines = [line for line in caplog.messages if line.startswith("upstream near")]
    assert lines == [
        "upstream near failed 5 times in a row: not asked for 10 s, then tried by one request",
        "upstream near answers again",
    ]
