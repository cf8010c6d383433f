"""Where sums stand: the parts that a question reads make up its window, whatever is settled."""

from contextlib import closing
from pathlib import Path

import pytest

from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR, TOTALS, LedgerFilter, Span, Window
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_schema import open_for_writing
from router.stores.sqlite_settling import settle
from tests.fakes.events import AT, an_event, unanswered
from tests.stores.test_sqlite_ledger import DIMENSIONS, EVER, STEPS, logged, settled


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


async def test_times_are_those_of_the_models_asked_for_alone(path: Path) -> None:
    told = [an_event("a"), an_event("b", model="large"), unanswered("c")]
    ledger = await logged(path, told)
    for models, requests in ((["small"], 1), ([None, "large"], 2), ([], 0), (None, 3)):
        for step in STEPS:
            found = await ledger.histograms(EVER, ["total_s"], models, step)
            assert sum(sum(one.counts.values()) for one in found) == requests


async def test_the_hours_of_a_value_are_those_within_the_window(path: Path) -> None:
    hour = int(AT // SECONDS_PER_HOUR * SECONDS_PER_HOUR)
    first, second, third = (hour + n * SECONDS_PER_HOUR for n in range(3))
    told = [an_event(str(at), at=float(at)) for at in (first, second, third)]
    ledger = await logged(path, [*told, unanswered("d", at=float(third))])
    where = LedgerFilter(simulated=False)
    assert await ledger.spans(EVER, where, "model") == {
        "small": Span(first, third),
        None: Span(third, third),
    }
    window = Window(second, third)
    assert await ledger.spans(window, where, "rule") == {"easy": Span(second, second)}
    assert await ledger.spans(EVER, LedgerFilter(simulated=True), "model") == {}


async def test_sums_of_settled_weeks_days_and_open_days_make_up_any_window(path: Path) -> None:
    """Twenty days, of which some rows come when their week has been settled."""
    days = range(20)
    told = [an_event(f"{day}", at=AT + day * SECONDS_PER_DAY) for day in days]
    late = [an_event(f"late{day}", at=AT + day * SECONDS_PER_DAY) for day in days]
    hole = [1, 12]
    await logged(path, [told[day] for day in days if day not in hole])
    settled(path, until=AT + 18 * SECONDS_PER_DAY)
    await logged(path, [*(told[day] for day in hole), *late])
    for _ in range(2):
        for since in range(0, 20, 3):
            window = Window(AT + since * SECONDS_PER_DAY, EVER.until + 10 * SECONDS_PER_DAY)
            for by in (None, *DIMENSIONS):
                clusters = (await SQLiteLedger(path).clusters(window, by=by)).of.values()
                counted = sum(one.requests for many in clusters for one in many)
                assert counted == 2 * (20 - since), (since, by)
                totals = (await SQLiteLedger(path).totals(window, by=by)).values()
                assert sum(one.requests for one in totals) == counted, (since, by)
        settled(path)


async def test_what_an_older_process_wrote_of_an_open_day_is_there_once_it_is_settled(
    path: Path,
) -> None:
    ledger = await logged(path, [an_event("a")])
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        for place, source, table, sums in (
            ("key, hour", "open_hourly", "hourly", TOTALS),
            ("key, day, cluster", "open_clusters", "daily_clusters", CLUSTER_SUMS),
        ):
            names = f"{place}, {', '.join(sums)}"
            connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {source}")
    settled(path)
    assert (await ledger.totals(EVER, by="rule"))["easy"].requests == 2
    [cluster] = (await ledger.clusters(EVER, by="rule")).of["easy"]
    assert cluster.requests == 2


async def test_sums_are_the_same_at_every_step_of_settling(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("router.stores.sqlite_settling._MOVED_AT_ONCE", 2)
    hours = (0, 1, 30, 190)
    told = [
        an_event(f"{model}{hour}", model=model, at=AT + hour * SECONDS_PER_HOUR)
        for hour in hours
        for model in ("small", "large", "third")
    ]
    ledger, steps = await logged(path, told), 0
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while settle(connection, AT + 30 * SECONDS_PER_DAY):
            steps += 1
            for by in ("model", "rule", None):
                totals = (await ledger.totals(EVER, by=by)).values()
                assert sum(one.requests for one in totals) == len(told), (steps, by)
                clusters = (await ledger.clusters(EVER, by=by)).of.values()
                assert sum(one.requests for some in clusters for one in some) == len(told)
            assert (await ledger.totals(EVER, LedgerFilter(rule="easy", model="small")))[
                None
            ].requests == len(hours)
        left = connection.execute("SELECT count(*) FROM open_hourly, open_clusters").fetchone()
    assert left == (0,)
    # Marks, moves and levels of three days, and weeks.
    assert steps > 3 * 8 + 2 * 6
