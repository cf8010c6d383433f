"""The page of quality: who said what of how many answers, and where that is too few."""

import re
from typing import Any

import pytest

from router.core.feedback import Feedback
from router.core.ledger import OTHER_TAGS
from router.dashboard.quality import grid
from tests.dashboard.conftest import Dashboard, Opened
from tests.fakes import events
from tests.fakes.events import an_event

AT = events.AT - 60
"""A minute before the moment at which the fake clock stands."""

REPORT = "/api/v1/quality"


def told(it: Dashboard, query: str = "") -> Any:
    answer = it.client.get(f"{REPORT}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def judged(number: int, score: float, **changes: Any) -> list[Any]:
    """So many decisions, with what users say of each."""
    prefix = "".join(sorted(map(str, changes.values())))
    ids = [f"{prefix}{score:g}-{i}" for i in range(number)]
    made = [an_event(id, at=AT, session=None, **changes) for id in ids]
    return [*made, *(Feedback(id, "user", AT, score) for id in ids)]


def test_scores_are_told_by_arm_with_interval_and_n(busy: Dashboard) -> None:
    arms = {row["of"]: row for row in told(busy)["arms"]}

    assert set(arms) == {"treated", "control"}
    for row in arms.values():
        assert row["low"] < row["value"] < row["high"] and row["n"] > 20
    assert f"{arms['control']['value']:.2f}" in busy.page("/quality")


def test_a_cell_of_few_is_thin_and_tells_no_score(opened: Opened) -> None:
    it = opened([*judged(30, 1.0, model="large"), *judged(3, 0.0, model="small")])
    cells = {(row["domain"], row["model"]): row for row in told(it)["cells"]}

    assert cells["law", "large"]["value"] == 1.0
    assert (cells["law", "small"]["state"], cells["law", "small"]["value"]) == (
        "not_enough_data",
        None,
    )
    assert re.search(r'class="n thin">3 <span class="small">of 20', it.page("/quality"))


def test_a_domain_that_a_model_never_had_is_an_empty_cell() -> None:
    cell = {"domain": "law", "model": "a", "state": "value"}
    other = {"domain": "maths", "model": "b", "state": "value"}

    assert grid([cell, other]) == {
        "models": ["a", "b"],
        "rows": [("law", [cell, None]), ("maths", [None, other])],
    }


def test_one_source_is_told_at_a_time_and_the_address_says_which(opened: Opened) -> None:
    users = judged(25, 1.0)
    judge = [Feedback(it.id, "judge", AT, 0.5) for it in users[:21]]
    it = opened([*users, *judge])

    assert told(it)["source"] == "user"
    assert [row["value"] for row in told(it)["rules"]] == [1.0]
    assert [row["value"] for row in told(it, "source=judge")["rules"]] == [0.5]
    assert 'href="/quality?source=judge"' in it.page("/quality")


def test_the_worst_lead_to_their_decisions_and_the_best_are_not_among_them(opened: Opened) -> None:
    it = opened([*judged(2, 0.0), *judged(2, 0.5), *judged(2, 1.0)])
    worst = told(it)["worst"]

    assert [row["score"] for row in worst] == [0.0, 0.0, 0.5, 0.5]
    assert f'href="/decisions/{worst[0]["decision"]}"' in it.page("/quality")


def test_the_worst_of_made_up_answers_are_not_among_the_real(opened: Opened) -> None:
    it = opened([*judged(2, 0.0, simulated=True), *judged(1, 0.5)])

    assert [row["score"] for row in told(it)["worst"]] == [0.5]
    assert len(told(it, "traffic=simulated")["worst"]) == 2


def test_where_nothing_was_judged_the_page_says_how_to(opened: Opened) -> None:
    it = opened([an_event("d1", at=AT)])

    assert told(it)["source"] is None
    page = it.page("/quality")
    assert "Nothing was judged" in page and "POST /v1/feedback" in page


def test_rates_are_figures_with_their_state(busy: Dashboard) -> None:
    found = {one["name"]: one for one in told(busy)["figures"]}

    assert found["judged"]["value"] == 1.0
    assert found["escalated"]["state"] == found["retried"]["state"] == "value"
    assert found["retried"]["value"] == 0.0
    assert found["quality.judge"]["state"] == "not_measured"


def test_without_sessions_re_asking_is_not_measured_and_the_page_says_what_to_do(
    opened: Opened,
) -> None:
    it = opened([an_event("d1", at=AT, session=None)])

    [one] = [one for one in told(it)["figures"] if one["name"] == "asked_again"]
    assert one["state"] == "not_measured"
    assert "x-slm-router-session" in it.page("/quality")


@pytest.mark.parametrize("table", ["cells", "arms", "rules", "figures", "worst"])
def test_each_table_is_to_be_had_as_csv(busy: Dashboard, table: str) -> None:
    answer = busy.client.get(f"{REPORT}?format=csv&table={table}")

    assert len(answer.text.splitlines()) - 1 == len(told(busy)[table])


def test_scores_are_told_by_tag_where_requests_have_any(opened: Opened) -> None:
    told_apart = [*judged(25, 1.0, tags=("checkout", "batch")), *judged(5, 0.0, tags=("batch",))]
    it = opened([*told_apart, *judged(3, 0.0)])
    tags = {row["of"]: row for row in told(it)["tags"]}

    assert {name: row["n"] for name, row in tags.items()} == {"checkout": 25, "batch": 30}
    assert tags["checkout"]["value"] == 1.0
    assert tags["batch"]["low"] < tags["batch"]["value"] < tags["batch"]["high"] < 1
    page = it.page("/quality")
    assert "Score by tag" in page and 'href="/decisions?tag=checkout"' in page
    as_csv = it.client.get(f"{REPORT}?table=tags&format=csv").text
    assert as_csv.startswith("of,state,value,low,high,n,needed\nbatch,value,")


def test_where_no_request_has_a_tag_nothing_is_said_of_tags(opened: Opened) -> None:
    it = opened(judged(25, 1.0))
    assert told(it)["tags"] == [] and "Score by tag" not in it.page("/quality")


def test_tags_that_share_a_line_link_nowhere(opened: Opened) -> None:
    few = judged(25, 1.0, tags=("last",))
    many = [an_event(f"m{i}", tags=tuple(f"t{i}-{n}" for n in range(8))) for i in range(25)]
    page = opened([*many, *few]).page("/quality")
    assert OTHER_TAGS in page and f"tag={OTHER_TAGS[:2]}" not in page and "tag=%28" not in page
