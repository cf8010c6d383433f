"""Models: what each is doing now and how it fared, from every call that the log knows of."""

import re
from typing import Any

import pytest

from router.core.event import Attempt, Timings
from router.core.stats import Observation
from router.stores.model_traffic import ModelTraffic
from tests.dashboard.conftest import Dashboard, Opened
from tests.fakes.events import AT, an_event

FAILED = Attempt("small", "near", 500, "UpstreamRefused", 0.05)
BY_LARGE = Attempt("large", "far", 200, None, 0.3)


def told(it: Dashboard, query: str = "since=1h") -> dict[str, dict[str, Any]]:
    answer = it.client.get(f"/api/v1/models?{query}")
    assert answer.status_code == 200, answer.text
    return {one["model"]: one for one in answer.json()["models"]}


def test_a_call_that_a_fallback_hid_counts_as_an_error_of_its_model(opened: Opened) -> None:
    hidden = an_event("d2", model="large", attempts=(FAILED, BY_LARGE))
    found = told(opened([an_event("d1"), hidden]))

    assert (found["small"]["calls"], found["small"]["errors"]) == (2, 1)
    assert found["small"]["error_ratio"] == 0.5
    assert found["small"]["error_kinds"] == {"UpstreamRefused": 1}
    assert (found["large"]["calls"], found["large"]["errors"]) == (1, 0)


def test_times_and_speed_are_those_of_the_answers(opened: Opened) -> None:
    timings = [Timings(0.001, 0.002, first, total) for first, total in ((0.1, 1.1), (0.3, 2.3))]
    events = [an_event(f"d{i}", stream=True, timings=it) for i, it in enumerate(timings)]
    small = told(opened([*events, an_event("d9", stream=False, timings=Timings(0, 0, 9.0, 9.0))]))

    assert small["small"]["first_byte_p50_s"] == 0.3
    assert small["small"]["total_p50_s"] == 2.3
    assert small["small"]["total_p95_s"] == 9.0
    assert small["small"]["tokens_per_second"] == pytest.approx(15.0), "30 tokens, two seconds"


def test_calls_under_way_are_told_of_each_model(opened: Opened) -> None:
    it = opened()
    stats = it.runtime.gateway.stats
    for _ in range(37):
        stats.call_begins("small")
    stats.call_begins("large")
    stats.call_ends("large")

    assert {name: one["in_flight"] for name, one in told(it).items()} == {"small": 37, "large": 0}
    assert '<td class="n">37</td>' in it.page("/models?since=1h")
    assert "in_flight" in it.client.get("/api/v1/models?format=csv").text.splitlines()[0]


def test_nothing_known_is_told_as_nothing_and_not_as_zero(opened: Opened) -> None:
    it = opened()

    for one in told(it).values():
        names = ("error_ratio", "first_byte_p50_s", "total_p50_s", "tokens_per_second", "cost_usd")
        assert {one[name] for name in names} == {None}
    assert "0.0 %" not in it.page("/models")


def test_what_is_not_priced_is_counted_beside_the_cost(opened: Opened) -> None:
    it = opened([an_event("d1"), an_event("d2", cost_usd=None)])

    small = told(it)["small"]
    assert (small["cost_usd"], small["unpriced"]) == (0.00012, 1)
    assert "1 unpriced" in it.page("/models?since=1h")


def test_a_model_out_of_order_is_shown_as_such(opened: Opened) -> None:
    it = opened()
    for _ in range(5):
        it.runtime.gateway.stats.observe("small", Observation(ok=False, total_s=1.0))

    assert told(it)["small"]["state"] == "open"
    assert told(it)["large"]["state"] == "unseen"
    assert "tried again in" in it.page("/models")


def test_outages_stand_at_their_time(opened: Opened) -> None:
    events = [an_event(f"d{i}", at=AT - 1800, attempts=(FAILED,), model=None) for i in range(3)]
    it = opened([*events, an_event("d9", at=AT - 5)])

    strip = told(it)["small"]["strip"]
    assert [slot["errors"] for slot in strip if slot["errors"]] == [3]
    assert strip[-1]["calls"] == 1
    assert sum(slot["calls"] for slot in strip) == 4
    page = it.page("/models?since=1h")
    assert len(re.findall(r'class="bad"', page)) == 1


def test_the_period_is_kept_to(opened: Opened) -> None:
    it = opened([an_event("d1", at=AT - 7200), an_event("d2", at=AT - 60)])

    assert told(it)["small"]["calls"] == 1
    assert told(it, "")["small"]["calls"] == 2
    assert it.client.get("/api/v1/models?since=soon").json()["error"]["param"] == "since"


def test_only_the_newest_requests_are_read_and_that_is_told(opened: Opened) -> None:
    it = opened([an_event(f"d{i}", at=AT + i) for i in range(5)])
    traffic = ModelTraffic(it.runtime.settings.decision_log)

    assert [call.at for call in traffic.calls(0.0, most=2)] == [AT + 4, AT + 3]


def test_csv_holds_a_row_a_model(opened: Opened) -> None:
    rows = opened([an_event("d1")]).client.get("/api/v1/models?format=csv").text.splitlines()

    assert [row.partition(",")[0] for row in rows] == ["model", "small", "large"]
    assert "tools vision json_schema" in rows[2]
