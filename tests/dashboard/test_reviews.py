"""What the router itself had judged, as the pages tell it: by whom, how good, and for how much."""

from html import unescape
from typing import Any

import pytest
from msgspec.structs import replace

from router.core.event import Content
from router.core.review import ShadowAnswer
from tests.dashboard.conftest import Dashboard, Opened
from tests.fakes import events
from tests.fakes.events import an_event
from tests.fakes.reviews import JUDGED, SHADOWED, UNPRICED, a_review

AT = events.AT - 60
"""A minute before the moment at which the fake clock stands."""


def told(it: Dashboard, path: str) -> Any:
    answer = it.client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(it: Dashboard, path: str) -> dict[str, Any]:
    return {one["name"]: one for one in told(it, path)["figures"]}


def test_a_decision_tells_its_scores_and_what_each_call_cost(opened: Opened) -> None:
    it = opened([an_event(content=Content("Who?", "Ada.")), a_review()])
    found, page = told(it, "decisions/d1"), it.page("/decisions/d1")

    assert found["own_usd"] == pytest.approx(0.014)
    assert found["review"]["score"] == 0.7
    assert found["review"]["shadow"] == {"model": "large", "score": 0.9, "output_tokens": 50}
    assert [(it["purpose"], it["model"], it["cost_usd"]) for it in found["review"]["calls"]] == [
        ("judge", "grader", 0.002),
        ("shadow", "large", 0.01),
        ("judge", "grader", 0.002),
    ]
    assert "The judge gave the answer 0.70, and 0.90 to that of large" in page
    assert "as the baseline, unseen" in page and "20 + 50" in page
    assert "Ada." not in str(found["review"])


def test_a_decision_that_nobody_reviewed_says_nothing_of_it(opened: Opened) -> None:
    it = opened([an_event()])

    assert told(it, "decisions/d1")["review"] is None
    assert "What the router had judged" not in it.page("/decisions/d1")


def test_a_call_without_a_price_is_a_dash_and_its_decisions_cost_is_not_known(
    opened: Opened,
) -> None:
    it = opened([an_event(), a_review(score=None, shadow=None, calls=(UNPRICED,))])
    page = it.page("/decisions/d1")

    assert told(it, "decisions/d1")["own_usd"] is None
    assert "The judge could not tell" in page and "Part of what this cost has no price." in page


def test_savings_say_what_reviews_cost_and_how_many_calls_they_took(opened: Opened) -> None:
    events = [an_event(str(n), at=AT) for n in range(3)]
    reviews = [a_review(str(n), at=AT) for n in range(2)]
    it = opened(
        [*events, *reviews, a_review("2", at=AT, score=None, shadow=None, calls=(UNPRICED,))]
    )
    found, page = told(it, "savings"), it.page("/savings")

    assert found["own"] == [
        {
            **{"purpose": "judge", "model": "grader", "calls": 5, "unpriced": 1},
            **{"tokens": 5 * 408, "usd": 0.008},
        },
        {
            **{"purpose": "shadow", "model": "large", "calls": 2, "unpriced": 0},
            **{"tokens": 2 * 70, "usd": 0.02},
        },
    ]
    assert found["saving"]["parts_usd"]["own"] == -0.028
    assert found["own_sentence"] in unescape(page)
    assert found["own_sentence"] == (
        "Having answers judged cost 0.0280 USD in 7 calls of the router's own: 5 to grader (to"
        " judge), 2 to large (as the baseline, unseen). Of these, 1 without a price are in no sum."
    )
    csv = it.client.get("/api/v1/savings?format=csv&table=own").text
    assert csv.splitlines()[1] == "judge,grader,5,1,2040,0.008"


def test_what_a_judge_was_paid_is_spent_on_the_judge_day_by_day(opened: Opened) -> None:
    it = opened([an_event(at=AT, cost_usd=0.5), a_review(at=AT, calls=(JUDGED, SHADOWED))])
    spent = {row["model"]: row for row in told(it, "savings")["days"]}

    assert {model: row["spent_usd"] for model, row in spent.items()} == {
        "small": 0.5,
        "grader": 0.002,
        "large": 0.01,
    }
    assert (spent["small"]["requests"], spent["grader"]["requests"]) == (1, 0)


def test_a_call_of_our_own_without_a_price_is_listed(opened: Opened) -> None:
    it = opened([an_event(at=AT), a_review(at=AT, calls=(UNPRICED,))])
    [row] = told(it, "savings")["unpriced"]

    assert (row["reason"], row["model"], row["requests"]) == ("no_own_price", "grader", 1)
    assert "no price is known of the router&#39;s own call" in it.page("/savings")


def test_without_reviews_the_page_says_so(opened: Opened) -> None:
    it = opened([an_event(at=AT)])

    assert told(it, "savings")["own"] == []
    assert "The router made no call of its own" in it.page("/savings")


def test_quality_against_shadows_needs_no_control_arm(opened: Opened) -> None:
    ids = [f"d{n}" for n in range(40)]
    events = [replace(an_event(id, at=AT), session=id) for id in ids]
    shadow = ShadowAnswer("large", 0.9)
    it = opened([*events, *(a_review(id, at=AT, shadow=shadow) for id in ids)])
    found = figures(it, "quality")["quality.shadow"]

    assert (found["state"], found["n"], found["basis"]) == ("value", 40, "measured")
    assert found["value"] == pytest.approx(-0.2)
    assert figures(it, "quality")["quality"] == {**found, "name": "quality"}
    assert "40 pairs in 40 sessions" in it.page("/quality")
    assert "Against shadows" in it.page("/quality")
    assert "Against shadows" in it.page("/")


def test_where_nothing_is_measured_shadows_are_named_as_a_way(opened: Opened) -> None:
    it = opened([an_event(at=AT)])

    assert "`shadow` under `judging`" in told(it, "quality")["verdict"]["sentence"]
    assert figures(it, "quality")["quality.shadow"]["state"] == "not_measured"
