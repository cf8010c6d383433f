"""What was measured of models outlives the process, and is one in all of them."""

import asyncio
import logging
import random
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from router.core.lengths import UNMEASURED, Measured
from router.core.stats import Observation
from router.errors import DecisionLogError
from router.stores.lasting import LastingMeasures
from router.stores.memory import MemoryStatsStore
from router.stores.sqlite_measured import SQLiteMeasured
from tests.fakes.clock import FakeClock

NAMES = {"small": "small=near/qwen2.5:3b", "large": "large=far/gpt-4o"}


class Process:
    """One gateway process, as far as it measures."""

    def __init__(self, path: Path, names: Mapping[str, str] = NAMES) -> None:
        self.names = names
        clock = FakeClock()
        self.stats = MemoryStatsStore(clock)
        self.lasting = LastingMeasures(self.stats, SQLiteMeasured(path), lambda: self.names, clock)

    def answers(self, seed: int, n: int = 40) -> None:
        """Some traffic: answers of an experiment, and texts that were counted."""
        chance = random.Random(seed)
        for _ in range(n):
            self.stats.compare("small", "large", chance.random() < 0.5, chance.randint(1, 900))
            for model in NAMES:
                tokens = chance.randint(1, 900)
                seen = Observation(True, input_tokens=tokens, estimated_input=tokens + 7)
                self.stats.observe(model, seen)

    @property
    def small(self) -> Measured:
        return self.stats.measured().get("small", UNMEASURED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite3"


async def test_after_a_restart_the_ratios_are_what_they_were(path: Path) -> None:
    before = Process(path)
    before.answers(1)
    await before.lasting.exchange()
    before.answers(2)
    await before.lasting.exchange()

    after = Process(path)
    await after.lasting.exchange()
    assert after.stats.measured() == before.stats.measured()
    assert after.small.beside("large").verbosity == before.small.beside("large").verbosity
    assert after.small.beside("large").verbosity.n > 30


async def test_processes_have_one_total_whoever_measured(path: Path) -> None:
    one, other, alone = Process(path), Process(path), Process(path.with_name("alone"))
    one.answers(1)
    other.answers(2)
    for seed in (1, 2):
        alone.answers(seed)
    for process in (one, other, one, other):
        await process.lasting.exchange()
    assert one.small == other.small == alone.small


async def test_what_is_measured_while_it_is_written_is_not_lost(path: Path) -> None:
    process, alone = Process(path), Process(path.with_name("alone"))
    process.answers(1)
    writing = asyncio.create_task(process.lasting.exchange())
    await asyncio.sleep(0)
    process.answers(2)
    await writing
    for seed in (1, 2):
        alone.answers(seed)
    assert process.small == alone.small
    await process.lasting.exchange()
    assert process.small == alone.small


async def test_an_exchange_that_nobody_waits_for_any_more_counts_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, exchange = threading.Event(), SQLiteMeasured.exchange

    def exchanged(*asked: Any) -> dict[str, Measured]:
        found = exchange(*asked)
        written.set()
        return found

    monkeypatch.setattr(SQLiteMeasured, "exchange", exchanged)
    process = Process(path)
    process.answers(1)
    measured = process.small
    writing = asyncio.create_task(process.lasting.exchange())
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await asyncio.to_thread(written.wait, 10)
    await process.lasting.exchange()
    assert process.small == measured


async def test_another_model_of_the_same_name_begins_anew(path: Path) -> None:
    process = Process(path)
    process.answers(1)
    await process.lasting.exchange()
    process.names = {**NAMES, "small": "small=near/llama3.2:3b"}
    await process.lasting.exchange()
    assert process.small == UNMEASURED
    assert process.stats.measured()["large"].counted.n == 40

    process.names = {**NAMES, "large": "large=far/gpt-5"}
    await process.lasting.exchange()
    assert process.small.counted.n == 40
    assert process.small.compared == {}, "compared with another baseline"


async def test_a_file_that_cannot_be_written_costs_no_measurement(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    process, alone = Process(path), Process(path.with_name("alone"))
    process.answers(1)
    alone.answers(1)

    def refuse(*_: object) -> dict[str, Measured]:
        raise DecisionLogError("The disk is full.")

    with monkeypatch.context() as broken, caplog.at_level(logging.ERROR):
        broken.setattr(SQLiteMeasured, "exchange", refuse)
        await process.lasting.exchange()
        await process.lasting.exchange()
    assert [record.message for record in caplog.records] == [
        "The disk is full. What was measured of models is not kept meanwhile."
    ]
    assert process.small == alone.small
    await process.lasting.exchange()
    again = Process(path)
    await again.lasting.exchange()
    assert again.small == alone.small
