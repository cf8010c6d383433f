"""Some figures of the sums alone: those that are asked for are as in all of them."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.event import RoutingEvent
from router.core.ledger import Grouping, Step, Totals
from router.stores.sqlite_ledger import SQLiteLedger
from tests.fakes.rows import events
from tests.stores.test_sqlite_ledger import EVER, logged, settled

FEW = ("priced", "baseline_nano", "input_tokens")
ASKED: tuple[tuple[Grouping | None, Step], ...] = ((None, "hour"), ("model", "day"), ("tag", "day"))


def few(it: Totals) -> list[int]:
    return [getattr(it, name) for name in FEW]


async def check(ledger: SQLiteLedger) -> None:
    for by, step in ASKED:
        whole = await ledger.totals(EVER, by=by)
        some = await ledger.totals(EVER, by=by, figures=FEW)
        assert {of: few(it) for of, it in some.items()} == {of: few(it) for of, it in whole.items()}
        points = await ledger.series(EVER, by=by, step=step)
        fewer = await ledger.series(EVER, by=by, step=step, figures=FEW)
        assert [(it.at, it.of, few(it.totals)) for it in fewer] == [
            (it.at, it.of, few(it.totals)) for it in points
        ]
    assert all(not it.totals.output_tokens for it in fewer)


@settings(max_examples=6, deadline=None)
@given(st.lists(events(), min_size=2, max_size=8))
def test_what_is_asked_for_is_as_where_all_is_read(drawn: list[RoutingEvent]) -> None:
    told = [replace(it, id=f"d{number}") for number, it in enumerate(drawn)]

    async def run(path: Path) -> None:
        await check(await logged(path, told))
        settled(path)
        await check(SQLiteLedger(path))

    with TemporaryDirectory() as made:
        asyncio.run(run(Path(made) / "decisions.sqlite3"))
