"""The page of savings: parts that add up, groups that sort, and nothing that is free by silence."""

import re
from typing import Any

import pytest
from msgspec.structs import replace

from router.core.bill import Bill
from router.core.energy import Footprint
from router.core.ledger import OTHER_TAGS
from router.dashboard.curves import by_day, letter
from router.dashboard.savings import waterfall
from router.stores import sqlite_tag_sets
from tests.core.made import policy
from tests.dashboard.conftest import Dashboard, Opened
from tests.fakes import events
from tests.fakes.events import EVENT, an_event, decided
from tests.fakes.gateway import fake_gateway

AT = events.AT - 60
"""A minute before the moment at which the fake clock stands."""

REPORT = "/api/v1/savings"


def told(it: Dashboard, query: str = "") -> Any:
    answer = it.client.get(f"{REPORT}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_parts_add_up_to_the_saving_to_the_last_digit(busy: Dashboard) -> None:
    saving = told(busy)["saving"]
    parts = [round(part * 1e9) for part in saving["parts_usd"].values()]

    assert sum(parts) == round(saving["net_usd"] * 1e9)
    assert saving["parts_usd"]["escalation"] < 0 and saving["parts_usd"]["own"] < 0


def test_the_waterfall_falls_from_the_baseline_to_what_was_spent(busy: Dashboard) -> None:
    saving = told(busy)["saving"]
    first, *parts, last = waterfall(saving)

    assert first.usd == saving["baseline_usd"]
    assert first.usd - sum(part.usd for part in parts) == pytest.approx(last.usd)
    assert last.usd == pytest.approx(saving["baseline_usd"] - saving["net_usd"])
    assert [part.tone for part in parts] == ["none", "good", "bad", "bad"]
    assert all(0 <= one.begin <= one.begin + one.width <= 100.1 for one in (first, *parts, last))


def test_a_loss_is_drawn_within_the_picture_too() -> None:
    parts = {"cache": -1.0, "routing": -2.0, "escalation": 0.0, "own": -0.5}
    found = waterfall({"baseline": "always:x", "baseline_usd": 1.0, "parts_usd": parts})

    assert found[-1].usd == 4.5
    assert max(one.begin + one.width for one in found) == pytest.approx(100.0)


@pytest.mark.parametrize("by", ["rule", "domain", "key", "model"])
def test_savings_are_told_apart_and_their_sums_are_the_whole(busy: Dashboard, by: str) -> None:
    found = told(busy, f"by={by}")

    assert sum(row["net_usd"] for row in found["groups"]) == pytest.approx(
        found["saving"]["net_usd"]
    )
    assert f'aria-current="true">{"API key" if by == "key" else by.capitalize()}</a>' in busy.page(
        f"/savings?by={by}"
    )


def test_a_request_counts_under_each_of_its_tags_and_the_page_says_so(opened: Opened) -> None:
    tags = (("checkout", "team=search"), ("checkout",), ())
    it = opened([an_event(f"d{i}", at=AT, tags=tags[i % 3], session=None) for i in range(9)])
    found = told(it, "by=tag&sort=of&order=asc")

    assert [(row["of"], row["requests"]) for row in found["groups"]] == [
        (None, 3),
        ("checkout", 6),
        ("team=search", 3),
    ]
    assert found["groups_overlap"] and not told(it)["groups_overlap"]
    page = it.page("/savings?by=tag")
    assert "do not add up to the whole" in page and "do not add up" not in it.page("/savings")
    assert 'href="/decisions?tag=team%3Dsearch"' in page
    as_csv = it.client.get(f"{REPORT}?by=tag&sort=of&table=groups&format=csv").text
    first = [line.partition(",")[0] for line in as_csv.splitlines()]
    assert first == ["of", "team=search", "checkout", ""]


MIXED = [
    an_event(
        f"d{i}",
        at=AT,
        session=None,
        tags=(("checkout", "batch"), ("checkout",), ())[i % 3],
        decision=decided(rule=("easy", "hard")[i % 2]),
        key_name=("app", None)[i % 2],
    )
    for i in range(24)
]
"""Of each rule four requests without a tag, and eight of checkout, of which four are of batch."""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("by=tag&rule=easy", {"checkout": 8, "batch": 4, None: 4}),
        ("by=tag&rule=easy&key=app", {"checkout": 8, "batch": 4, None: 4}),
        ("by=tag&rule=easy&model=nobody", {}),
        ("by=rule&tag=batch", {"easy": 4, "hard": 4}),
        ("by=rule&tag=batch&key=app", {"easy": 4}),
        ("by=tag&tag=batch", {"checkout": 8, "batch": 8}),
        ("by=domain&tag=checkout&rule=hard", {"law": 8}),
        ("by=rule&key=app", {"easy": 12}),
        ("by=rule&tag=%ed%a0%80", {}),
    ],
)
def test_the_groups_can_be_narrowed_by_a_tag_and_all_else_together(
    opened: Opened, query: str, expected: dict[str | None, int]
) -> None:
    it = opened(MIXED)
    found = told(it, query)

    assert {row["of"]: row["requests"] for row in found["groups"]} == expected
    assert found["groups_since"] == found["since"]
    # What stands above is of all requests, as without.
    assert found["saving"] == told(it)["saving"]
    page = it.page(f"/savings?{query}")
    assert "the figures above are of all" in page and "They begin on" not in page


def test_where_sums_do_not_reach_back_page_and_report_say_from_when_on(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = opened(MIXED)
    monkeypatch.setattr(sqlite_tag_sets, "MOST_READ", 2)
    found = told(it, "by=tag&rule=easy")

    assert found["groups_since"] > found["since"] and found["groups"] == []
    assert "They begin on" in it.page("/savings?by=tag&rule=easy")


def test_what_was_narrowed_is_kept_in_the_form_and_can_be_cleared(opened: Opened) -> None:
    page = opened(MIXED).page("/savings?by=tag&rule=easy&since=7d")

    assert '<input name="rule" value="easy">' in page
    assert '<input type="hidden" name="since" value="7d">' in page
    assert 'href="/savings?by=tag&amp;since=7d">Clear</a>' in page


def test_by_tag_an_interval_comes_from_the_same_evidence(busy: Dashboard) -> None:
    rows = {row["of"]: row for row in told(busy, "by=tag")["groups"]}

    assert set(rows) == {"team=search", "batch", None}
    for row in rows.values():
        assert row["state"] == "value" and row["low"] < row["share"] < row["high"]


def test_without_a_tag_the_page_says_how_to_give_one(opened: Opened) -> None:
    page = opened([an_event("d1", at=AT)]).page("/savings?by=tag")

    assert "No request of this period has a tag" in page and "x-slm-router-tags" in page


def test_the_page_of_policies_says_what_else_tags_a_request(opened: Opened) -> None:
    named = policy(name="default", tags_from=("team", "feature"))
    page = opened(gateway=fake_gateway({}, policies=(named,))).page("/policies")

    assert "also <code>metadata</code>: team, feature" in page


def test_tags_beyond_those_that_are_told_apart_lead_nowhere(opened: Opened) -> None:
    it = opened([an_event("d1", at=AT, tags=(OTHER_TAGS,))])

    assert f'<th scope="row" class="clip">{OTHER_TAGS}</th>' in it.page("/savings?by=tag")


@pytest.mark.parametrize(
    ("sort", "name"), [("saved", "net_usd"), ("spent", "spent_usd"), ("requests", "requests")]
)
def test_the_table_is_sorted_as_the_address_says(busy: Dashboard, sort: str, name: str) -> None:
    down = [row[name] for row in told(busy, f"sort={sort}")["groups"]]
    up = [row[name] for row in told(busy, f"sort={sort}&order=asc")["groups"]]

    assert down == sorted(down, reverse=True) and up == sorted(down)
    assert 'aria-sort="ascending"' in busy.page(f"/savings?sort={sort}&order=asc")


def test_a_thin_group_has_no_interval_and_is_hatched(opened: Opened) -> None:
    it = opened([an_event(f"d{i}", at=AT, session=None) for i in range(3)])
    [row] = told(it)["groups"]

    assert (row["state"], row["share"], row["low"]) == ("not_enough_data", None, None)
    assert re.search(r'class="n thin"[^>]*><span[^>]*>3 of about 30', it.page("/savings"))


def test_what_is_not_priced_is_listed_and_never_a_zero(opened: Opened) -> None:
    it = opened(
        [
            an_event("d1", at=AT),
            an_event("d2", at=AT, cost_usd=None, bill=replace(EVENT.bill)),
        ]
    )
    found = told(it)

    assert [(one["reason"], one["requests"]) for one in found["unpriced"]] == [("no_price", 1)]
    assert found["counts"]["priced"] == found["counts"]["unpriced"] == 1
    page = it.page("/savings")
    assert "no price is known of the model" in page and 'href="/decisions/d2"' in page


def test_energy_is_a_range_with_its_source_or_not_measured(opened: Opened) -> None:
    bill = Bill(footprint=Footprint(0.1, 0.2, 30.0, 60.0, "ecologits"))
    it = opened([an_event("d1", at=AT, bill=bill)])

    energy = told(it)["energy"]
    assert (energy["low_kwh"], energy["high_kwh"]) == pytest.approx((0.0001, 0.0002))
    assert "EcoLogits" in it.page("/savings")


def test_energy_nobody_knows_is_not_measured(busy: Dashboard) -> None:
    assert told(busy)["energy"]["state"] == "not_measured"
    assert "power_watts" in busy.page("/savings")


def test_spending_is_stacked_by_model_and_day() -> None:
    days = [
        {"at": 0, "model": "a", "requests": 1, "spent_usd": 1.0},
        {"at": 172_800, "model": "b", "requests": 1, "spent_usd": 3.0},
    ]
    drawn = by_day(days, [{"at": 86_400, "label": "x"}])

    assert [one["label"] for one in drawn.chart["series"]] == ["b", "a"]
    assert [one["values"] for one in drawn.chart["series"]] == [[0, 0, 3.0], [1.0, 0, 0]]
    assert drawn.chart["marks"] == [{"at": 0.5, "label": "A"}]
    assert [row[-1] for row in drawn.rows] == ["$1.0000", "$0.0000", "$3.0000"]


def test_many_models_are_told_as_the_dearest_and_all_others() -> None:
    days = [{"at": 0, "model": f"m{i}", "requests": 1, "spent_usd": float(9 - i)} for i in range(8)]
    drawn = by_day(days, [])

    assert [one["label"] for one in drawn.chart["series"]] == ["m0", "m1", "m2", "m3", "all others"]
    assert sum(one["values"][0] for one in drawn.chart["series"]) == sum(range(2, 10))


def test_letters_go_on_after_z() -> None:
    assert [letter(i) for i in (0, 25, 26, 27)] == ["A", "Z", "AA", "AB"]


def test_names_that_callers_choose_are_text_on_the_page(opened: Opened) -> None:
    name = "<script>alert(1)</script>"
    it = opened([an_event("d1", at=AT, key_name=name, decision=decided(rule="easy"))])

    assert "<script>alert" not in it.page("/savings?by=key")
    assert told(it, "by=key")["groups"][0]["of"] == name


def test_every_filter_stays_in_the_addresses_of_the_others(busy: Dashboard) -> None:
    page = busy.page("/savings?since=7d&by=domain&sort=share")

    assert "since=7d&amp;by=domain&amp;sort=spent" in page
    assert "/api/v1/savings?since=7d&amp;by=domain&amp;sort=share&amp;format=csv" in page
