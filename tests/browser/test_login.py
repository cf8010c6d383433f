"""The way in, in a real Chromium: for everybody, and nobody else is asked."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import NARROW, Look, looking
from tests.fakes.process import GatewayProcess, running_gateway

IN_FOCUS = "(it) => it === document.activeElement"

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Closed:
    """A gateway that asks for keys, and a key that may look at its pages."""

    running: GatewayProcess
    key: str


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """A gateway of its own, its key made as people make theirs."""
    state = tmp_path_factory.mktemp("closed")
    made = subprocess.run(
        [sys.executable, "-m", "router.cli", "keys", "create", "me", "--role", "read"],
        env={"SLM_ROUTER_STATE_DIR": str(state), "PYTHONPATH": str(Path.cwd())},
        check=True,
        capture_output=True,
        text=True,
    )
    with running_gateway(state, "--simulated", "--require-keys") as running:
        yield Closed(running, made.stdout.strip())


def sign_in(look: Look, key: str) -> None:
    look.page.get_by_label("API key").fill(key)
    with look.page.expect_navigation(wait_until="load"):
        look.page.keyboard.press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_is_open_to_everybody_also_when_it_refuses_a_key(
    browser: Browser, closed: Closed, scheme: Scheme
) -> None:
    with looking(browser, closed.running.url, scheme) as look:
        for path in ("/login", "/savings"):
            look.visit(path)
            assert look.page.get_by_label("API key").evaluate(
                "(it) => it === document.activeElement"
            )
            assert look.violations() == []
        sign_in(look, "slm-not-in-force")
        assert look.page.get_by_role("alert").inner_text() == "That key is not in force."
        assert look.violations() == []
        look.page.set_viewport_size({"width": NARROW, "height": 800})
        assert look.too_wide <= 0
        assert look.refused == [] and look.outside == []


def test_who_signs_in_gets_to_the_page_that_was_asked_for_and_out_again(
    browser: Browser, closed: Closed
) -> None:
    with looking(browser, closed.running.url) as look:
        look.visit("/models")
        sign_in(look, closed.key)
        assert look.page.get_by_role("heading", level=1).inner_text() == "Models"
        assert look.violations() == []
        with look.page.expect_navigation(wait_until="load"):
            look.page.get_by_role("button", name="Sign out").click()
        assert look.page.get_by_role("heading", level=1).inner_text() == "Sign in"
        assert look.refused == [] and look.outside == []
