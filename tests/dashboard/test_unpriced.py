"""Where no request could be priced there are no dollars: not in a report, nor on a page."""

import re

import pytest

from router.core.bill import Bill
from tests.dashboard.conftest import Dashboard, Opened
from tests.fakes import events
from tests.fakes.events import an_event, decided

AT = events.AT - 60


@pytest.fixture
def unpriced(opened: Opened) -> Dashboard:
    return opened(
        [
            an_event(f"d{i}", at=AT, decision=decided(rule="easy"), cost_usd=None, bill=Bill())
            for i in range(3)
        ]
    )


def test_no_report_tells_dollars_of_requests_without_a_price(unpriced: Dashboard) -> None:
    told = unpriced.client.get("/api/v1/savings").json()
    (group,) = told["groups"]
    (day,) = told["days"]

    assert (group["unpriced_requests"], group["priced_requests"]) == (3, 0)
    assert {group[name] for name in ("baseline_usd", "spent_usd", "net_usd")} == {None}
    assert day["spent_usd"] is None
    assert told["saving"]["net_usd"] is told["saving"]["baseline_usd"] is None
    assert set(told["saving"]["parts_usd"].values()) == {None}
    curve = unpriced.client.get("/api/v1/overview").json()["cumulative"]
    assert {point["spent_usd"] for point in curve} == {None}


@pytest.mark.parametrize("path", ["/", "/savings", "/policies"])
def test_no_page_shows_a_zero_for_them(unpriced: Dashboard, path: str) -> None:
    assert not re.search(r"\$0\.0+<", unpriced.page(path))


@pytest.mark.parametrize("sort", ["saved", "spent", "baseline", "share"])
def test_lines_without_dollars_are_the_least_of_all(opened: Opened, sort: str) -> None:
    it = opened(
        [
            an_event("d1", at=AT, decision=decided(rule="dear"), cost_usd=None, bill=Bill()),
            an_event("d2", at=AT, decision=decided(rule="known")),
        ]
    )

    lines = it.client.get(f"/api/v1/savings?sort={sort}").json()["groups"]

    assert lines[-1]["of"] == "dear"
