"""Looking at a page: what the browser complains of, whom it asks, and what axe-core finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
from playwright.sync_api import Browser, Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
WIDE, NARROW = 1280, 400
PATIENCE_MS = 45_000
"""Generous: a busy machine is no finding."""

_WATCH = """
    window.refused = [];
    document.addEventListener("securitypolicyviolation",
        (event) => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
_CHECK = """
    (options) => axe.run(document, options).then(({violations}) => violations.map(
        ({id, nodes}) => `${id}: ${nodes.map(({html}) => html.slice(0, 120)).join(" | ")}`))
"""
_TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Look:
    """A page that is looked at, with all that went wrong meanwhile."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def refused(self) -> list[str]:
        """What the Content-Security-Policy has stopped."""
        found: list[str] = self.page.evaluate("window.refused")
        return found

    @property
    def outside(self) -> list[str]:
        """Requests to anywhere but the gateway."""
        return [one for one in self.asked if not one.startswith(f"{self.url}/")]

    def violations(self, *rules: str) -> list[str]:
        """What axe-core finds by some of its rules; by all of them if none is named."""
        only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
        self.page.evaluate(AXE)
        found: list[str] = self.page.evaluate(_CHECK, {"resultTypes": ["violations"], **only})
        return found

    @property
    def too_wide(self) -> int:
        """By how many pixels the page itself scrolls sideways."""
        return int(self.page.evaluate(_TOO_WIDE))

    def visit(self, path: str) -> None:
        """Go to a page of the dashboard, and wait until its charts are drawn."""
        self.page.goto(f"{self.url}{path}", wait_until="load")
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => done(null)))")


@contextmanager
def looking(
    browser: Browser,
    url: str,
    scheme: Literal["light", "dark"] = "light",
    width: int = WIDE,
    **options: Any,
) -> Iterator[Look]:
    """A fresh browser profile at a page."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, **options
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(_WATCH)
    look = Look(context.new_page(), url)
    look.page.on("console", lambda it: look.complaints.append(f"{it.type}: {it.text}"))
    look.page.on("pageerror", lambda it: look.complaints.append(f"error: {it}"))
    look.page.on("request", lambda it: look.asked.append(it.url))
    try:
        yield look
    finally:
        context.close()
