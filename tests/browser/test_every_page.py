"""Every page in a real Chromium, light and dark, wide and narrow: nothing refused, nobody else
asked, nothing in the way of people who use a keyboard or a screen reader."""

from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

from router.dashboard import PAGES
from tests.browser.looking import NARROW, SCREENSHOTS, WIDE, looking
from tests.fakes.process import GatewayProcess

OPEN_DETAILS = "document.querySelectorAll('details').forEach((it) => { it.open = true; })"
TOO_WIDE = "(all) => all.filter((it) => it.scrollWidth > it.clientWidth)"
LINES = """(all) => all.map((it) => {
    const text = document.createRange(); text.selectNodeContents(it);
    return new Set([...text.getClientRects()].map((one) => one.top)).size;
})"""
SHOWN = {page.path for page in PAGES if page.method == "GET"} - {"/login"}
FEWER = {"/decisions": "?limit=8", "/models": "?since=1h"}
"""Rows that look alike say the same to axe-core, which takes its time over each."""

Scheme = Literal["light", "dark"]


def shown(path: str, judged: list[str]) -> str:
    """A page's address."""
    return path.replace("{id}", judged[0]) + FEWER.get(path, "")


def picture(path: str, scheme: Scheme, width: int) -> Path:
    """Where a page's picture is kept, as an artifact of the run."""
    name = path.strip("/").replace("/{id}", "-detail") or "overview"
    return SCREENSHOTS / f"{name}-{scheme}-{width}.png"


@pytest.mark.parametrize("path", sorted(SHOWN))
def test_a_page_is_whole_and_open_to_everybody(
    browser: Browser, gateway: GatewayProcess, judged: list[str], path: str
) -> None:
    with looking(browser, gateway.url) as look:
        look.visit(shown(path, judged))
        look.page.screenshot(path=picture(path, "light", WIDE), full_page=True)
        look.page.evaluate(OPEN_DETAILS)

        assert look.complaints == []
        assert look.refused == []
        assert look.outside == []
        assert look.violations() == []
        assert look.too_wide <= 0


@pytest.mark.parametrize("path", sorted(SHOWN))
def test_a_page_can_be_read_in_the_dark_and_in_a_hand(
    browser: Browser, gateway: GatewayProcess, judged: list[str], path: str
) -> None:
    with looking(browser, gateway.url, "dark") as look:
        look.visit(shown(path, judged))
        look.page.screenshot(path=picture(path, "dark", WIDE), full_page=True)
        assert look.contrasts() == []
        look.page.set_viewport_size({"width": NARROW, "height": 800})
        look.page.evaluate(OPEN_DETAILS)
        look.page.screenshot(path=picture(path, "dark", NARROW), full_page=True)

        assert look.too_wide <= 0
        assert look.complaints == []
        assert look.refused == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_was_saved_by_tag_is_open_to_everybody_too(
    browser: Browser, gateway: GatewayProcess, scheme: Scheme
) -> None:
    with looking(browser, gateway.url, scheme) as look:
        look.visit("/savings?by=tag")

        assert look.page.get_by_role("rowheader", name="demo", exact=True).is_visible()
        assert look.page.get_by_text("do not add up to the whole").is_visible()
        assert look.complaints == [] and look.refused == [] and look.violations() == []

        form = look.page.get_by_role("form", name="Narrow these lines")
        form.get_by_label("Tag").fill("demo")
        form.get_by_role("button", name="Narrow").click()

        assert look.page.get_by_text("the figures above are of all").is_visible()
        assert look.page.get_by_role("rowheader", name="demo", exact=True).is_visible()
        assert "by=tag" in look.page.url and "tag=demo" in look.page.url
        assert look.complaints == [] and look.refused == [] and look.violations() == []


def test_a_figure_stays_within_its_card(browser: Browser, gateway: GatewayProcess) -> None:
    """The longest that cards have to hold: six to a line, and a price below a cent."""
    with looking(browser, gateway.url) as look:
        look.visit("/savings")
        look.page.locator(".figure dd:nth-of-type(1)").evaluate_all(
            "(all) => all.forEach((it) => { it.textContent = '$0.001597' })"
        )
        cards = look.page.locator(".figures .figure")

        assert cards.count() == 6
        assert (
            cards.evaluate_all("(all) => all.filter((it) => it.scrollWidth > it.clientWidth)") == []
        )
        assert set(cards.locator("dd:nth-of-type(1)").evaluate_all(LINES)) == {1}


@pytest.mark.parametrize("width", [1440, 1280, 1024, 860])
def test_the_latest_decisions_have_room_and_all_of_their_columns_are_a_link_away(
    browser: Browser, gateway: GatewayProcess, width: int
) -> None:
    with looking(browser, gateway.url, width=width) as look:
        look.visit("/")
        table = look.page.get_by_role("region", name="Table: decisions, newest first")

        assert table.evaluate("(it) => it.scrollWidth <= it.clientWidth")
        look.page.get_by_role("link", name="All decisions").click()
        expect(look.page.get_by_role("columnheader", name="Key, tags")).to_be_visible()


def test_every_chart_is_drawn(browser: Browser, gateway: GatewayProcess) -> None:
    with looking(browser, gateway.url) as look:
        look.visit("/classifiers")
        charts = look.page.locator("[data-chart]")

        assert charts.count() == 2
        for at in range(charts.count()):
            assert charts.nth(at).locator("canvas").count() == 1


MARK = """(shares) => {
    const place = document.querySelector("[data-chart]"), chart = JSON.parse(place.dataset.chart);
    const first = chart.at[0], span = chart.at.at(-1) - first;
    chart.marks = shares.map((it, i) => ({at: first + span * it, label: "ABCDEFG"[i]}));
    place.dataset.chart = JSON.stringify(chart);
    dispatchEvent(new Event("resize"));
}"""
"""Marks the first chart at these shares of its width."""


def test_marks_that_lie_close_together_are_told_by_labels_that_do_not_touch(
    browser: Browser, gateway: GatewayProcess
) -> None:
    with looking(browser, gateway.url) as look:
        look.visit("/")
        look.page.evaluate(MARK, [0.1, 0.3, 0.31, 0.6, 0.601, 0.604, 1.0])
        labels = look.page.locator(".chart .mark")
        expect(labels).to_have_text(["A", "B, C", "D\u2013F", "G"])
        boxes = [it for it in (one.bounding_box() for one in labels.all()) if it]

        assert len(boxes) == 4 and look.refused == []
        for before, after in pairwise(boxes):
            assert before["x"] + before["width"] < after["x"]


@pytest.mark.parametrize("path", sorted(SHOWN - {"/decisions/{id}"}))
def test_a_page_is_whole_without_scripts(
    browser: Browser, gateway: GatewayProcess, path: str
) -> None:
    with looking(browser, gateway.url, java_script_enabled=False) as look:
        look.page.goto(f"{gateway.url}{path}")

        assert look.page.locator("h1").count() == 1
        assert look.page.locator("main table, main textarea").count() >= 1
        assert [one for one in look.asked if one.endswith(".js")] == []
