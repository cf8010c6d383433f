"""The figures of the overview: each in one of three states, and no saving without its quality."""

import csv
import io
from typing import Any

import pytest

from tests.cli.busy_week import week
from tests.dashboard.conftest import Dashboard, Opened, today
from tests.fakes.events import AT, an_event, unanswered

REPORT = "/api/v1/overview"
HOUR = 3600.0


def told(it: Dashboard, query: str = "") -> Any:
    answer = it.client.get(f"{REPORT}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(it: Dashboard, query: str = "") -> dict[str, Any]:
    return {one["name"]: one for one in told(it, query)["figures"]}


def test_a_saving_is_told_with_its_interval_and_beside_quality(busy: Dashboard) -> None:
    page, found = busy.page("/"), figures(busy)

    saved = found["saved"]
    assert saved["state"] == "value" and saved["basis"] == "priced"
    assert "Net saved" in page
    assert f"{saved['value'] * 100:.1f} %" in page
    assert f"[{saved['low'] * 100:.1f}, {saved['high'] * 100:.1f}]" in page
    assert "Not decided yet" in page
    assert found["quality"]["basis"] == "measured"


def test_every_figure_is_a_value_with_interval_and_n_or_says_why_there_is_none(
    busy: Dashboard,
) -> None:
    for one in told(busy)["figures"]:
        known = one["state"] == "value"
        assert known == (None not in (one["value"], one["low"], one["high"]))
        assert one["n"] > 0 if known else one["sentence"]


def test_where_nothing_was_judged_nothing_is_called_saved(opened: Opened) -> None:
    page = opened(week(60), gateway=today()).page("/")

    assert "Spend avoided, quality not measured" in page
    assert "Net saved" not in page


def test_too_few_requests_make_no_figure_but_are_counted(opened: Opened) -> None:
    it = opened([an_event(f"d{i}", at=AT, session=None) for i in range(5)])
    page, found = it.page("/"), figures(it)

    assert found["saved"]["state"] == found["ok"]["state"] == "not_enough_data"
    assert "5 of 5" in page and "Not enough data for an interval" in page
    assert told(it)["counts"]["ok"] == 5


def test_what_a_sentence_would_have_typed_is_shown_as_code(opened: Opened) -> None:
    it = opened([an_event("d1", at=AT)])

    for path in ("/", "/savings", "/quality"):
        page = it.page(path)
        assert "<code>control: 0.05</code>" in page
        assert "`" not in page


def test_a_period_is_thirty_days_up_to_its_end_and_never_one_that_ends_before_it_begins(
    opened: Opened,
) -> None:
    it = opened([an_event("d1", at=AT)])
    of_old = it.client.get("/api/v1/overview?until=2020-03-31T12:00:00Z").json()
    upside_down = it.client.get("/api/v1/overview?since=2020-03-02&until=2020-03-01")

    assert of_old["until"] - of_old["since"] == 31 * 86_400
    assert upside_down.status_code == 400
    assert upside_down.json()["error"]["param"] == "until"


def test_a_period_counts_whole_days_in_every_figure_and_its_button_says_so(opened: Opened) -> None:
    midnight = AT // 86_400 * 86_400
    times = {"before": -86_400 - 60, "begun": -86_400 + 60, "night": -60, "now": AT - 60 - midnight}
    it = opened([an_event(name, at=midnight + at) for name, at in times.items()])
    of_yesterday = f"since={midnight - 80_000}&until={midnight - 43_200}"

    for query, requests in (("since=24h", 3), (of_yesterday, 2)):
        found = told(it, query)
        assert found["counts"]["requests"] == found["saving"]["priced_requests"] == requests
        assert found["since"] == midnight - 86_400
    assert told(it, of_yesterday)["until"] == midnight
    assert 'aria-current="true">Today and yesterday, UTC</a>' in it.page("/?since=24h")


def test_an_unknown_word_is_answered_by_those_that_there_are(opened: Opened) -> None:
    refused = opened([]).client.get("/api/v1/overview?traffic=other").json()["error"]

    assert refused["message"] == "Expected one of real, simulated."


def test_without_a_baseline_the_page_says_what_to_do(opened: Opened) -> None:
    it = opened([an_event("d1", at=AT, baseline=None, baseline_cost_usd=None)])

    assert figures(it)["saved"]["state"] == "not_measured"
    assert "Name a baseline in the policy" in it.page("/")


def test_made_up_answers_are_called_so_and_are_never_mixed_with_real_ones(opened: Opened) -> None:
    made_up = [an_event(f"s{i}", at=AT, simulated=True) for i in range(3)]
    real = [an_event(f"r{i}", at=AT) for i in range(2)]

    it = opened([*made_up, *real])
    assert told(it)["counts"]["requests"] == 2
    assert "Simulated traffic" not in it.page("/")
    assert told(it, "traffic=simulated")["counts"]["requests"] == 3
    page = it.page("/?traffic=simulated")
    assert "Simulated traffic" in page and "traffic=real" in page


def test_made_up_answers_alone_are_shown_and_called_so(opened: Opened) -> None:
    it = opened([an_event("s", at=AT, simulated=True)])

    assert told(it)["counts"]["requests"] == 1
    assert "Simulated traffic" in it.page("/")


def test_what_changed_is_marked_and_listed(opened: Opened) -> None:
    changes = [
        *(an_event(f"a{i}", at=AT, policy_version="first") for i in range(3)),
        *(
            unanswered(f"b{i}", at=AT + 2 * HOUR, outcome="unavailable", policy_version="second")
            for i in range(5)
        ),
    ]
    it = opened(changes)
    it.runtime.gateway.clock.advance(5 * HOUR)  # type: ignore[attr-defined]

    found = told(it)["changes"]
    assert [(one["kind"], one["label"]) for one in found] == [
        ("outage", "outage, 5 without an answer"),
        ("policy", "policy version second"),
    ]
    assert found[0]["until"] - found[0]["at"] == HOUR
    page = it.page("/")
    assert "policy version second" in page and "&#34;label&#34;:&#34;B&#34;" in page


def test_the_curve_begins_at_nothing_and_ends_at_the_saving(busy: Dashboard) -> None:
    found = told(busy)
    first, *_, last = found["cumulative"]

    assert (first["spent_usd"], first["baseline_usd"]) == (0, 0)
    assert last["baseline_usd"] == found["saving"]["baseline_usd"]
    assert last["baseline_usd"] - last["spent_usd"] == pytest.approx(found["saving"]["net_usd"])


@pytest.mark.parametrize("table", ["figures", "cumulative", "changes"])
def test_each_table_is_to_be_had_as_csv(busy: Dashboard, table: str) -> None:
    answer = busy.client.get(f"{REPORT}?format=csv&table={table}")

    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == len(told(busy)[table])


@pytest.mark.parametrize(
    ("query", "field"), [("traffic=all", "traffic"), ("table=x", "table"), ("since=x", "since")]
)
def test_a_wrong_parameter_is_named(opened: Opened, query: str, field: str) -> None:
    answer = opened().client.get(f"{REPORT}?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field
