"""What came twice: the same question of a session, and the same model called again."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from router.core.event import Attempt, RoutingEvent
from router.core.ledger import Window
from router.core.repeats import AGAIN_S, Repeated
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_repeats import SQLiteRepeats
from tests.fakes.events import AT, an_event

WINDOW = Window(AT - 10_000, AT + 10_000)


def repeated(path: Path, events: Sequence[RoutingEvent], looked_at: int = 100) -> Repeated:
    async def told() -> Repeated:
        log = SQLiteDecisionLog(path)
        for event in events:
            await log.record(event)
        await log.close()
        return await SQLiteRepeats(path, looked_at=looked_at).repeated(WINDOW)

    return asyncio.run(told())


def asked_again(path: Path, **second: Any) -> int:
    told: dict[str, Any] = {"at": AT + 60, "failed_signals": {}, **second}
    found = repeated(path, [an_event("a", failed_signals={}), an_event("b", **told)])
    return sum(hour.asked_again for hour in found.hours)


def test_the_same_request_of_a_session_soon_after_is_asked_again(tmp_path: Path) -> None:
    assert asked_again(tmp_path / "log") == 1


def test_another_request_is_not(tmp_path: Path) -> None:
    others: list[dict[str, Any]] = [
        {"signals": {"complexity": 0.3}},
        {"session": "s2"},
        {"session": None},
        {"at": AT + AGAIN_S + 1},
        {"requested_model": "auto:careful"},
    ]

    for number, second in enumerate(others):
        assert asked_again(tmp_path / str(number), **second) == 0, second


def test_requests_whose_signals_failed_are_not_taken_for_the_same(tmp_path: Path) -> None:
    events = [an_event(id, at=AT, failed_signals={"learned": "TimeoutError"}) for id in "ab"]

    assert sum(hour.asked_again for hour in repeated(tmp_path / "log", events).hours) == 0


def test_a_model_called_twice_is_a_retry_and_a_fallback_is_none(tmp_path: Path) -> None:
    def tried(*models: str) -> tuple[Attempt, ...]:
        return tuple(Attempt(model, "near", 200, None, 0.1) for model in models)

    events = [
        an_event("a", attempts=tried("small", "small")),
        an_event("b", attempts=tried("small", "large")),
        an_event("c", attempts=tried("small", "large", "small")),
        an_event("d", attempts=()),
    ]
    [hour] = repeated(tmp_path / "log", events).hours

    assert (hour.requests, hour.retried) == (4, 2)


def test_it_looks_at_a_bounded_number_of_rows_and_says_how_far(tmp_path: Path) -> None:
    events = [an_event(str(i), at=AT + i) for i in range(5)]
    found = repeated(tmp_path / "log", events, looked_at=3)

    assert found.cut and found.since == AT + 2
    assert sum(hour.requests for hour in found.hours) == 3


def test_an_empty_window_has_nothing(tmp_path: Path) -> None:
    found = repeated(tmp_path / "log", [])

    assert (list(found.hours), found.cut, found.since) == ([], False, WINDOW.since)
