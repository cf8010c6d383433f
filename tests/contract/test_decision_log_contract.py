"""What every decision log does, whatever it is kept in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from router.core.event import Content, RoutingEvent
from router.core.feedback import Feedback
from router.core.review import Review
from router.errors import DecisionLogError
from router.ports import DecisionLog
from router.stores.decision_columns import COLUMNS, CONTENT
from router.stores.decision_row import DecisionFilter, Row
from router.stores.memory import MemoryDecisionLog
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import AT, an_event, decided, unanswered
from tests.fakes.whole_row import WHOLE_ROW


class SearchableLog(Protocol):
    """A DecisionLog that also filters and finds, as all of ours do."""

    async def record(self, event: RoutingEvent) -> None: ...

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None: ...

    async def record_review(self, review: Review) -> None: ...

    def recent(self, limit: int, where: DecisionFilter | None = None) -> Sequence[Row]: ...

    def find(self, decision: str) -> Row | None: ...

    async def close(self) -> None: ...


LOGS: dict[str, Callable[[Path], SearchableLog]] = {
    "memory": lambda directory: MemoryDecisionLog(),
    "sqlite": lambda directory: SQLiteDecisionLog(directory / "decisions.sqlite3"),
}


@pytest.fixture(params=LOGS)
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SearchableLog]:
    made = LOGS[request.param](tmp_path)
    yield made
    await made.close()


def ids(rows: Sequence[Row]) -> list[str]:
    return [row["decision"] for row in rows]


async def test_satisfies_the_port(log: SearchableLog) -> None:
    port: DecisionLog = log
    await port.record(an_event())
    assert len(log.recent(1)) == 1


async def test_a_new_log_is_empty(log: SearchableLog) -> None:
    assert log.recent(10) == []
    assert log.find("d1") is None


async def test_a_recorded_event_reads_back_whole(log: SearchableLog) -> None:
    await log.record(an_event())
    (row,) = log.recent(10)

    assert row == WHOLE_ROW


async def test_a_request_that_nobody_could_serve_has_a_row(log: SearchableLog) -> None:
    await log.record(unanswered())
    (row,) = log.recent(10)
    empty = ("model", "choice", "propensity", "cost_usd", "input_tokens", "first_byte_s")
    assert [row[name] for name in empty] == [None] * len(empty)
    assert (row["outcome"], row["candidates"]) == ("no_candidate", [])


async def test_an_unpriced_answer_costs_null_and_a_free_one_zero(log: SearchableLog) -> None:
    await log.record(an_event("unpriced", cost_usd=None))
    await log.record(an_event("free", cost_usd=0.0))
    assert [(row["decision"], row["cost_usd"]) for row in log.recent(2)] == [
        ("free", 0.0),
        ("unpriced", None),
    ]


async def test_content_is_kept_only_if_given_and_shown_only_by_find(log: SearchableLog) -> None:
    await log.record(an_event("silent"))
    await log.record(an_event("told", content=Content("Who?", "Ada.")))
    assert all(CONTENT.isdisjoint(row) for row in log.recent(2))
    silent, told = log.find("silent"), log.find("told")
    assert silent is not None and told is not None
    assert [silent[name] for name in sorted(CONTENT)] == [None, None]
    assert [told[name] for name in sorted(CONTENT)] == ["Who?", "Ada."]


async def test_a_found_row_has_every_column(log: SearchableLog) -> None:
    await log.record(an_event())
    row = log.find("d1")
    assert row is not None
    assert list(row) == ["decision", *(column.name for column in COLUMNS[1:])]


async def test_rows_come_newest_first_whatever_the_order_of_recording(log: SearchableLog) -> None:
    for id, at in (("b", AT + 1), ("a", AT), ("d", AT + 2), ("c", AT + 1)):
        await log.record(an_event(id, at=at))
    assert ids(log.recent(10)) == ["d", "c", "b", "a"]
    assert ids(log.recent(2)) == ["d", "c"]
    assert ids(log.recent(0)) == []


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (DecisionFilter(model="small"), ["b", "a"]),
        (DecisionFilter(rule="hard"), ["c"]),
        (DecisionFilter(outcome="broken"), ["b"]),
        (DecisionFilter(since=AT + 1), ["c", "b"]),
        (DecisionFilter(model="small", since=AT + 1), ["b"]),
        (DecisionFilter(model="nobody' OR 1=1 --"), []),
    ],
    ids=str,
)
async def test_a_filter_takes_the_rows_it_describes(
    log: SearchableLog, where: DecisionFilter, expected: list[str]
) -> None:
    await log.record(an_event("a"))
    await log.record(an_event("b", at=AT + 1, outcome="broken"))
    await log.record(an_event("c", at=AT + 2, model="large", decision=decided(rule="hard")))
    assert ids(log.recent(10, where)) == expected


async def test_the_limit_counts_rows_after_the_filter(log: SearchableLog) -> None:
    for number in range(6):
        await log.record(an_event(str(number), at=AT + number, model="ab"[number % 2]))
    assert ids(log.recent(2, DecisionFilter(model="a"))) == ["4", "2"]


async def test_an_id_is_recorded_once(log: SearchableLog) -> None:
    await log.record(an_event(cost_usd=1.0))
    with pytest.raises(DecisionLogError, match="'d1' cannot be logged"):
        await log.record(an_event(cost_usd=2.0))
    assert [row["cost_usd"] for row in log.recent(10)] == [1.0]


@pytest.mark.parametrize("wrong", [{"signals": {"size": object()}}, {"endpoint": None}], ids=list)
async def test_an_event_that_makes_no_row_is_refused_alone(
    log: SearchableLog, wrong: dict[str, Any]
) -> None:
    told = await asyncio.gather(
        log.record(an_event("a")),
        log.record(an_event("wrong", **wrong)),
        log.record(an_event("b")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in told] == [type(None), DecisionLogError, type(None)]
    assert sorted(ids(log.recent(10))) == ["a", "b"]


async def test_half_a_surrogate_pair_from_a_caller_costs_no_row(log: SearchableLog) -> None:
    await log.record(
        an_event(requested_model="auto\ud83d", signals={"topic\ud83d": "\udc00", "turns": 2})
    )
    (row,) = log.recent(1)
    assert row["requested_model"] == "auto?"
    assert row["signals"] == {"topic?": "?", "turns": 2}


async def test_every_other_text_reads_back_as_it_was(log: SearchableLog) -> None:
    text = "naïve 猫 \N{GRINNING FACE} \u2028 \x00 ' ; DROP TABLE decisions"
    await log.record(an_event(session=text, signals={"topic": text}))
    (row,) = log.recent(1)
    assert (row["session"], row["signals"]) == (text, {"topic": text})


async def test_numpy_scalars_among_the_signals_are_kept_as_numbers(log: SearchableLog) -> None:
    signals: Any = {"complexity": np.float32(0.5), "hard": np.bool_(True), "size": np.int64(7)}
    await log.record(an_event(signals=signals))
    assert log.recent(1)[0]["signals"] == {"complexity": 0.5, "hard": True, "size": 7}


async def test_what_is_not_a_number_reads_back_as_null(log: SearchableLog) -> None:
    await log.record(
        an_event(
            cost_usd=float("nan"),
            baseline_cost_usd=float("inf"),
            signals={"size": float("inf")},
        )
    )
    row = log.recent(1)[0]
    assert row["cost_usd"] is None
    assert row["baseline_cost_usd"] is None
    assert row["signals"] == {"size": None}


async def test_many_at_once_are_all_kept(log: SearchableLog) -> None:
    await asyncio.gather(*(log.record(an_event(str(number))) for number in range(1000)))
    assert sorted(map(int, ids(log.recent(2000)))) == list(range(1000))


async def test_a_closed_log_refuses_at_once_and_closes_again_in_peace(log: SearchableLog) -> None:
    await log.record(an_event("kept"))
    await log.close()
    await log.close()
    with pytest.raises(DecisionLogError, match="closed"):
        await log.record(an_event("late"))
    assert ids(log.recent(10)) == ["kept"]
