"""The trials of `make soak`, short: what they find, but for times, which a busy machine decides."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.soak import ending, lasting, leaving, replicas, steady
from tests.soak.figure import Figure, table
from tests.soak.world import World, said, world


async def _tried(it: World) -> list[Figure]:
    return [
        *await steady.soak(it, rps=40, seconds=2, restart_s=0.7),
        await steady.burst(it, bursts=8),
        await steady.restarts(it, times=1),
        await steady.stale(it, times=3),
        *await leaving.leaving(it, streams=10),
        *await lasting.lasting(it, rps=40, minutes=0.05, idle_s=0),
        *await replicas.replicas(it, rps=40, seconds=2),
        *await ending.ending(it),
    ]


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Figure]:
    """All of them on one gateway, which the last one ends."""

    async def tried(folder: Path) -> list[Figure]:
        async with world(folder) as made:
            return await _tried(made)

    found = asyncio.run(tried(tmp_path_factory.mktemp("soak")))
    return {figure.trial: figure for figure in found}


@pytest.fixture(scope="module")
def ended_at_once(tmp_path_factory: pytest.TempPathFactory) -> Figure:
    async def tried(folder: Path) -> Figure:
        async with world(folder) as made:
            return await ending.ending_at_once(made)

    return asyncio.run(tried(tmp_path_factory.mktemp("ending")))


def test_a_second_signal_waits_for_nobody_and_tells_and_logs_who_was_cut_off(
    ended_at_once: Figure,
) -> None:
    assert "told 503, 1 row" in ended_at_once.measured
    # The upstream of that request would have been waited for ten times as long.
    assert float(ended_at_once.measured.split(" s")[0]) < 15


@pytest.mark.parametrize(
    "trial",
    [
        "L1 soak, 40 rps x 2 s: failed",
        "L4 flaky bursts",
        "L4 1 restarts under 20 callers",
        "L4 stale keep-alive, no fallback",
        "L2 soak, 40 rps x 0.05 min: failed",
        "L2 soak, 40 rps x 0.05 min: open files, databases",
        "L8 kill -9 of one of two replicas at 40 rps: lost to callers",
        "L8 kill -9 of one of two replicas at 40 rps: acknowledged ids lost",
        "L13 rows logged with 499",
        "L12 SIGTERM: in flight",
        "L12 SIGTERM: exit",
    ],
)
def test_a_figure_that_is_no_time_is_reached(figures: Mapping[str, Figure], trial: str) -> None:
    assert figures[trial].ok, figures[trial]


def test_who_leaves_takes_the_upstreams_connection_with_them(
    figures: Mapping[str, Figure],
) -> None:
    let_go = [
        it.measured for name, it in figures.items() if "abandoned" in name or "leaves" in name
    ]

    assert len(let_go) == 2
    assert not any("inf" in measured for measured in let_go)


@pytest.mark.parametrize(
    "content",
    [
        b'data: {"choices":[{"delta":{"content":"One"}}]}\n\n',
        b'data: {"choices":[]}\n\ndata: {"error":{}}\n\ndata: [DONE]\n\n',
        b"",
    ],
)
def test_an_answer_that_is_not_whole_does_not_count_as_one(content: bytes) -> None:
    assert said(content, stream=True) == ""


def test_the_table_says_what_is_not_reached() -> None:
    shown = table([Figure("L0", "1", "1", True), Figure("L99", "1", "2", False)]).splitlines()

    assert [row.split("|")[-2].strip() for row in shown] == ["ok", "---", "yes", "NO"]
