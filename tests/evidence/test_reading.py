"""What is asked of the ledger for a statement, and what becomes of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from router.core.ledger import (
    NANO,
    SECONDS_PER_DAY,
    TOTALS,
    Clusters,
    ClusterSums,
    Dimension,
    Grouping,
    Histogram,
    LedgerFilter,
    Measure,
    Point,
    PriceSheet,
    QualitySums,
    Span,
    Step,
    Totals,
    Unpriced,
    Window,
)
from router.core.own_cost import OwnCost
from router.core.session_score import SessionPairs, SessionScore
from router.evidence.reading import MEASURES, Sources, Wanted, read_books, whole_days
from router.evidence.statement import statement

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
TODAY = int(NOW - 12 * 3600)
WINDOW = Window(TODAY - 7 * SECONDS_PER_DAY, NOW)


class Books:
    """A ledger that holds a few sums and notes what it is asked for."""

    def __init__(self, real: int, made_up: int, days: Mapping[int, int]) -> None:
        self.counts = {False: real, True: made_up}
        self.days = days
        self.asked: list[tuple[Grouping | None, LedgerFilter | None]] = []

    async def totals(
        self,
        window: Window,
        where: LedgerFilter | None = None,
        by: Grouping | None = None,
        figures: Collection[str] = TOTALS,
    ) -> Mapping[str | None, Totals]:
        assert where is not None and where.simulated is not None
        return {None: Totals(requests=self.counts[where.simulated])}

    async def series(
        self,
        window: Window,
        where: LedgerFilter | None = None,
        by: Grouping | None = None,
        step: Step = "hour",
        figures: Collection[str] = TOTALS,
    ) -> Sequence[Point]:
        if step == "hour":
            return [Point(TODAY, None, Totals(requests=3, ok=2))]
        return [
            Point(TODAY + day * SECONDS_PER_DAY, None, Totals(spend_nano=usd * NANO))
            for day, usd in self.days.items()
        ]

    async def clusters(
        self, window: Window, where: LedgerFilter | None = None, by: Grouping | None = None
    ) -> Clusters:
        self.asked.append((by, where))
        if by != "baseline":
            return Clusters(window, {None: [ClusterSums(1, 1, 1)]})
        counts = {"requested": 9, "always:dear": 2, "always:usual": 5, None: 7}
        return Clusters(window, {k: [ClusterSums(1, n, n)] for k, n in counts.items()})

    async def spans(
        self, window: Window, where: LedgerFilter | None, by: Dimension
    ) -> Mapping[str | None, Span]:
        assert by == "model"
        return dict.fromkeys(("small", "large"), Span(TODAY, TODAY))

    async def histograms(
        self,
        window: Window,
        measures: Collection[Measure],
        models: Collection[str | None] | None = None,
        step: Step | None = None,
    ) -> Sequence[Histogram]:
        assert models is not None
        assert (set(measures), set(models), step) == (set(MEASURES), {"small", "large"}, "hour")
        return [Histogram(at, "cost_usd", {3: at}) for at in (1, 2)]

    async def quality(self, *_: Any, **__: Any) -> Sequence[QualitySums]:
        raise AssertionError("scores are read session by session")

    async def own_costs(self, window: Window, simulated: bool = False) -> Sequence[OwnCost]:
        return [OwnCost("judge", "made_up" if simulated else "grader", 2, 1, 800, 5)]

    async def unpriced(self, window: Window, limit: int = 20) -> Sequence[Unpriced]:
        return [
            Unpriced("no_price", "large", 4, "d9", NOW),
            Unpriced("no_own_price", "grader", 1, "d8", NOW),
            Unpriced("no_own_price", "large", 1, "d7", NOW),
        ]

    async def worst(self, window: Window, limit: int = 20) -> Sequence[Mapping[str, Any]]:
        return []

    async def prices(self, id: str) -> PriceSheet | None:
        return None


class Said:
    """Scores that note whether made-up answers were asked for."""

    def __init__(self) -> None:
        self.simulated: list[bool] = []

    async def session_scores(
        self, window: Window, simulated: bool = False
    ) -> Sequence[SessionScore]:
        self.simulated.append(simulated)
        return [SessionScore("s", "treated", "user", NOW, 1, 1.0)]

    async def session_pairs(
        self, window: Window, simulated: bool = False
    ) -> Sequence[SessionPairs]:
        self.simulated.append(simulated)
        return [SessionPairs("s", 1, -0.25)]

    async def judged_by_hour(self, window: Window, simulated: bool = False) -> Mapping[int, int]:
        self.simulated.append(simulated)
        return {TODAY: 1, TODAY + 3600: 5}


async def test_one_model_baselines_come_first_by_how_much_they_price() -> None:
    sources = Sources(Books(5, 0, {}), Said())
    usual = await read_books(sources, WINDOW, NOW)
    wanted = await read_books(sources, WINDOW, NOW, "requested")

    assert list(usual.baselines) == ["always:usual", "always:dear", "requested"]
    assert list(wanted.baselines) == ["requested", "always:usual", "always:dear"]


async def test_groups_are_of_the_first_baseline_alone_and_arms_of_all() -> None:
    ledger = Books(5, 0, {})
    await read_books(Sources(ledger, Said()), WINDOW, NOW)
    asked = {(by, it.baseline, it.arm) for by, it in ledger.asked if it is not None}

    assert ("rule", "always:usual", None) in asked and ("model", "always:usual", None) in asked
    assert (None, None, "treated") in asked and (None, None, "control") in asked


@pytest.mark.parametrize(("real", "made_up", "shown"), [(3, 9, False), (0, 9, True), (0, 0, False)])
async def test_made_up_answers_are_read_only_where_there_are_no_others(
    real: int, made_up: int, shown: bool
) -> None:
    ledger, said = Books(real, made_up, {}), Said()
    books = await read_books(Sources(ledger, said), WINDOW, NOW)

    assert books.simulated is shown
    assert {it.simulated for _, it in ledger.asked if it is not None} == {shown}
    assert said.simulated == [shown] * 3
    assert [it.session for it in books.pairs] == ["s"]


async def test_who_asks_for_no_money_is_told_of_quality_alone() -> None:
    ledger = Books(3, 0, {})
    books = await read_books(Sources(ledger, Said()), WINDOW, NOW, wanted=Wanted(money=False))

    assert ledger.asked == []
    assert (books.judged, len(books.scores), books.month) == ([1], 1, None)
    assert statement(books).figures["saved"].state == "not_measured"


async def test_judged_decisions_stand_beside_what_was_answered_in_their_hour() -> None:
    books = await read_books(Sources(Books(3, 0, {}), Said()), WINDOW, NOW)

    assert (books.judged, books.answered) == ([1], [2])


async def test_the_month_is_read_day_by_day_with_holes_and_without_the_logs_first_day() -> None:
    days = {-28: 7, -27: 1, -25: 2, -1: 3, 0: 4}
    month = (await read_books(Sources(Books(3, 0, days), Said()), WINDOW, NOW)).month

    assert month is not None
    assert month.days == [1.0, 0.0, 2.0, *[0.0] * 23, 3.0]
    assert month.spent == 1.0 * 0 + 2.0 + 3.0 + 4.0
    assert month.remaining == pytest.approx(4.5)


async def test_a_log_older_than_the_history_keeps_all_its_days() -> None:
    days = dict.fromkeys(range(-42, 0), 2)
    month = (await read_books(Sources(Books(3, 0, days), Said()), WINDOW, NOW)).month

    assert month is not None and month.days == [2.0] * 42


async def test_costs_are_those_of_the_models_that_gave_these_answers() -> None:
    books = await read_books(Sources(Books(3, 0, {}), Said()), WINDOW, NOW)

    assert (books.costs, books.added) == ([{3: 1}, {3: 2}], [])


async def test_unpriced_calls_of_our_own_are_those_of_the_same_kind_of_traffic() -> None:
    books = await read_books(Sources(Books(3, 0, {}), Said()), WINDOW, NOW)

    assert [(it.reason, it.model) for it in books.unpriced] == [
        ("no_price", "large"),
        ("no_own_price", "grader"),
    ]
    assert statement(books).own.unpriced == 1


def test_a_window_begins_with_a_day_and_ends_when_asked() -> None:
    assert whole_days(Window(NOW - 3600, NOW)) == Window(TODAY, NOW)
