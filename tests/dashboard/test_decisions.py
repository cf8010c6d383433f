"""The live table of decisions: what it shows, how it is filtered, and how far it looks."""

import re
from html import unescape

import pytest

from router.core.browsing import DecisionQuery
from router.core.feedback import Feedback
from router.stores.decision_pages import DecisionPages
from tests.dashboard.conftest import Opened
from tests.fakes.events import AT, an_event, decided, unanswered

TOLD = [
    an_event("d1", at=AT),
    an_event("d2", at=AT + 1, model="large", cost_usd=0.5, key_name="other"),
    unanswered("d3", at=AT + 2, tags=("checkout", "team=search")),
    an_event("d4", at=AT + 3, decision=decided(rule="hard", policy="careful")),
    Feedback("d1", "user", AT, 1.0, "good_fit"),
    Feedback("d1", "judge", AT, 0.5),
]


def listed(page: str) -> list[str]:
    return re.findall(r'href="/decisions/(\w+)"', page)


def test_every_decision_is_listed_newest_first(opened: Opened) -> None:
    assert listed(opened(TOLD).page("/decisions")) == ["d4", "d3", "d2", "d1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("model=large", ["d2"]),
        ("rule=hard", ["d4"]),
        ("policy=careful", ["d4"]),
        ("outcome=no_candidate", ["d3"]),
        ("key=other", ["d2"]),
        ("tag=checkout", ["d3"]),
        ("tag=team%3Dsearch", ["d3"]),
        ("tag=check", []),
        ("tag=checkout%22%2C%22team%3Dsearch", []),
        ("min_cost_usd=0.1", ["d2"]),
        ("q=d3", ["d3"]),
        ("q=LARGE", ["d2"]),
        ("q=%25", []),
        ("since=2023-11-14T22:13:22Z", ["d4", "d3"]),
        (f"since={AT + 3}", ["d4"]),
        ("until=2023-11-14T22:13:21Z", ["d1"]),
        ("until=1h", []),
        ("model=&rule=&q=", ["d4", "d3", "d2", "d1"]),
    ],
)
def test_filters_stand_in_the_address(opened: Opened, query: str, found: list[str]) -> None:
    it = opened(TOLD)

    assert listed(it.page(f"/decisions?{query}")) == found
    told = it.client.get(f"/api/v1/decisions?{query}").json()["decisions"]
    assert [row["decision"] for row in told] == found


def test_tags_are_told_in_the_list_as_csv_and_with_the_decision(opened: Opened) -> None:
    it = opened(TOLD)

    assert "checkout, team=search</td>" in it.page("/decisions")
    as_csv = it.client.get("/api/v1/decisions?tag=checkout&format=csv").text
    assert '"checkout, team=search"' in as_csv
    page = it.page("/decisions/d3")
    assert 'href="/decisions?tag=team%3Dsearch"' in page
    assert "<dt>Tags</dt><dd>none</dd>" in it.page("/decisions/d1")


def test_the_filters_that_are_set_are_shown_as_set(opened: Opened) -> None:
    told = opened(TOLD).page("/decisions?model=gone&q=%22%3Cb%3E")

    assert '<option value="gone" selected>gone</option>' in told
    assert 'value="&#34;&lt;b&gt;"' in told
    assert "<b>" not in told


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("outcome=fine", "outcome"),
        ("min_cost_usd=cheap", "min_cost_usd"),
        ("min_cost_usd=nan", "min_cost_usd"),
        ("since=yesterday", "since"),
        ("limit=0", "limit"),
        ("limit=1.5", "limit"),
        ("before=x", "before"),
        ("before=nan-1", "before"),
        ("before=1.0-99999999999999999999", "before"),
        ("format=xml", "format"),
        (f"q={'x' * 300}", "q"),
    ],
)
def test_a_wrong_parameter_is_named(opened: Opened, query: str, field: str) -> None:
    answer = opened().client.get(f"/api/v1/decisions?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field


def test_a_wrong_parameter_of_a_page_is_told_on_a_page(opened: Opened) -> None:
    told = opened().page("/decisions?since=yesterday", status=400)

    assert "<code>since</code>" in told


def test_pages_follow_each_other_without_gap_or_repeat(opened: Opened) -> None:
    it, found, path = opened(TOLD), [], "/decisions?limit=3"

    for _ in range(2):
        page = it.page(path)
        found += listed(page)
        older = re.search(r'href="([^"]*before=[^"]*)">Older', page)
        path = unescape(older[1]) if older else ""

    assert found == ["d4", "d3", "d2", "d1"]
    assert path == ""


def test_rows_of_the_same_moment_are_told_apart(opened: Opened) -> None:
    it = opened([an_event(f"d{i}", at=AT) for i in range(5)])
    first = it.client.get("/api/v1/decisions?limit=2").json()
    second = it.client.get(f"/api/v1/decisions?limit=9&before={first['next']}").json()

    assert [row["decision"] for row in first["decisions"] + second["decisions"]] == [
        "d4",
        "d3",
        "d2",
        "d1",
        "d0",
    ]
    assert second["next"] is None


def test_a_page_looks_at_a_bounded_number_of_rows_and_says_how_far_it_has_looked(
    opened: Opened,
) -> None:
    it = opened(TOLD)
    pages = DecisionPages(it.runtime.settings.decision_log, looked_at=2)

    first = pages.page(DecisionQuery(key="other"))
    assert (first.rows, first.full) == ((), False)
    assert first.next is not None and first.next.at == AT + 2
    second = pages.page(DecisionQuery(key="other", before=first.next))
    assert [row["decision"] for row in second.rows] == ["d2"]


def test_the_live_part_says_nothing_while_nothing_is_new(opened: Opened) -> None:
    it = opened(TOLD)

    assert it.client.get("/decisions?part=rows&newest=d4").status_code == 204
    told = it.client.get("/decisions?part=rows&newest=d3")
    assert told.status_code == 200
    assert "<html" not in told.text and listed(told.text)[0] == "d4"


def test_csv_and_json_hold_exactly_what_is_shown(opened: Opened) -> None:
    it = opened(TOLD)
    shown = it.page("/decisions?rule=easy")
    links = dict(re.findall(r'href="([^"]*)">(CSV|JSON)', shown))
    paths = {name: unescape(path) for path, name in links.items()}

    told = it.client.get(paths["CSV"])
    assert told.headers["content-type"].startswith("text/csv")
    first, *rows = told.text.splitlines()
    column = first.split(",").index("decision")
    assert [row.split(",")[column] for row in rows] == listed(shown)
    found = it.client.get(paths["JSON"]).json()["decisions"]
    assert [row["decision"] for row in found] == listed(shown)


def test_an_unknown_cost_is_an_empty_cell_and_a_dash_never_a_zero(opened: Opened) -> None:
    it = opened([unanswered("d3")])

    assert it.client.get("/api/v1/decisions").json()["decisions"][0]["cost_usd"] is None
    row = it.client.get("/api/v1/decisions?format=csv").text.splitlines()[1]
    assert ",0," not in row.partition("no_candidate")[2].partition("0.001")[0]
    assert "$0" not in it.page("/decisions")


def test_a_spreadsheet_runs_nothing_that_a_caller_has_written(opened: Opened) -> None:
    it = opened([an_event("d1", requested_model="=HYPERLINK(1)")])

    assert ",'=HYPERLINK(1)," in it.client.get("/api/v1/decisions?format=csv").text


def test_what_callers_write_is_text_on_the_page(opened: Opened) -> None:
    it = opened([an_event("d1", key_name="<script>alert(1)</script>")])

    assert "<script>alert" not in it.page("/decisions")


def test_the_score_is_the_mean_of_what_was_said(opened: Opened) -> None:
    rows = opened(TOLD).client.get("/api/v1/decisions").json()["decisions"]

    assert {row["decision"]: row["score"] for row in rows} == {
        "d1": 0.75,
        "d2": None,
        "d3": None,
        "d4": None,
    }


def test_prompts_are_on_no_list(opened: Opened) -> None:
    from router.core.event import Content

    it = opened([an_event("d1", content=Content("my secret question", "an answer"))])

    for path in ("/decisions", "/", "/api/v1/decisions", "/api/v1/decisions?format=csv"):
        assert "secret question" not in it.client.get(path).text


def test_before_the_first_decision_the_page_says_how_to_make_one(opened: Opened) -> None:
    assert "/v1/chat/completions" in opened().page("/decisions")
