"""What people do on the pages, done in a real Chromium: by mouse, by keyboard, by address."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.conftest import FirstVisit, fetched, posted
from tests.browser.looking import looking
from tests.fakes.process import GatewayProcess

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}


def test_the_keyboard_leads_past_the_navigation_and_shows_where_it_is(
    browser: Browser, gateway: GatewayProcess
) -> None:
    with looking(browser, gateway.url) as look:
        look.visit("/decisions")
        look.page.keyboard.press("Tab")
        expect(look.page.locator(":focus")).to_have_text("Skip to the page")
        assert (
            look.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        )
        look.page.keyboard.press("Enter")
        assert look.page.evaluate("document.activeElement.id") == "page"


def test_dark_and_light_are_chosen_and_remembered(
    browser: Browser, gateway: GatewayProcess
) -> None:
    with looking(browser, gateway.url) as look:
        ground = "getComputedStyle(document.body).backgroundColor"
        look.visit("/")
        light = look.page.evaluate(ground)
        look.page.get_by_role("button", name="Dark").click()
        dark = look.page.evaluate(ground)
        assert dark != light
        look.visit("/models")
        assert look.page.evaluate(ground) == dark
        expect(look.page.get_by_role("button", name="Dark")).to_have_attribute(
            "aria-pressed", "true"
        )
        assert look.contrasts() == [], "dark by choice on a light system"


def test_the_table_is_live_and_can_be_paused(browser: Browser, gateway: GatewayProcess) -> None:
    with looking(browser, gateway.url) as look:
        look.visit("/decisions?limit=5")
        first = look.page.locator("#rows tbody a").first
        before = first.get_attribute("href")
        posted(gateway, "/v1/chat/completions", HELLO)
        expect(first).not_to_have_attribute("href", str(before))
        look.page.get_by_role("button", name="Pause").click()
        paused = first.get_attribute("href")
        posted(gateway, "/v1/chat/completions", HELLO)
        look.page.wait_for_timeout(3200)
        assert first.get_attribute("href") == paused
        assert look.complaints == [] and look.refused == []


def test_a_filter_goes_into_the_address_and_exports_follow_it(
    browser: Browser, gateway: GatewayProcess
) -> None:
    with looking(browser, gateway.url) as look:
        look.visit("/decisions")
        look.page.get_by_label("Answered by").select_option("sim-small")
        look.page.wait_for_url(re.compile("model=sim-small"))
        answered = look.page.locator("#rows tbody td:nth-child(2)").all_inner_texts()
        assert {one.split()[0] for one in answered} == {"sim-small"}
        link = look.page.get_by_role("link", name="CSV").get_attribute("href")
        assert link is not None and "model=sim-small" in link


def test_a_decision_is_judged_copied_and_opened_in_the_playground(
    browser: Browser, gateway: GatewayProcess
) -> None:
    [row] = fetched(gateway, "/api/v1/decisions?limit=1")["decisions"]
    with looking(browser, gateway.url) as look:
        look.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        look.visit(f"/decisions/{row['decision']}")
        look.page.get_by_role("button", name="Copy as curl").click()
        copied = look.page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"curl -sN {gateway.url}/v1/chat/completions")
        look.page.get_by_role("button", name="Right: a good answer").click()
        expect(look.page.get_by_role("button", name="Right: a good answer")).to_have_attribute(
            "aria-pressed", "true"
        )
        look.page.get_by_role("link", name="Open in playground").click()
        assert "messages" in look.page.get_by_label("A prompt").input_value()
        look.page.get_by_role("button", name="Decide only").click()
        expect(look.page.locator("section.card .sentence")).to_have_count(2)
        assert look.violations() == []
        assert look.complaints == [] and look.refused == []


def test_an_edit_of_a_policy_is_checked_and_becomes_a_patch(
    browser: Browser, gateway: GatewayProcess
) -> None:
    with looking(browser, gateway.url) as look:
        look.visit("/policies")
        box = look.page.get_by_label("Text of default.yaml")
        text = box.input_value()
        check = look.page.get_by_role("button", name="Check")
        box.fill(text.replace("min_quality: 0.8}", "min_quality: 0.9}"))
        check.click()
        expect(look.page.locator("#patch")).to_contain_text("+    strategy")
        box.fill(text.replace("signal: pii", "signal: pij"))
        check.click()
        expect(look.page.get_by_role("alert")).to_contain_text("1 thing is wrong")
        assert look.violations() == []


def test_a_newcomer_finds_the_demo_and_sees_it_come(first_visit: FirstVisit) -> None:
    assert first_visit.violations == []
    assert first_visit.refused == [] and first_visit.complaints == []
    assert first_visit.told == "The demo is through: 300 sent"
    assert len(fetched(first_visit.running, "/api/v1/decisions?limit=500")["decisions"]) >= 300
