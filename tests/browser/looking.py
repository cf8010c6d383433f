"""Looking at a page: what the browser complains of, whom it asks, and what axe-core finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import Browser, Page, TimeoutError

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
WIDE, NARROW = 1280, 400
PATIENCE_MS = 45_000
"""Generous: a busy machine is no finding."""

_WATCH = """
    window.refused = [];
    document.addEventListener("securitypolicyviolation",
        (event) => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
_CHECK = """
    (options) => axe.run(document, {resultTypes: ["violations"], ...options}).then(
        ({violations}) => violations.map(({id, nodes}) =>
            `${id}: ${nodes.map(({html}) => html.slice(0, 120)).join(" | ")}`))
"""
_HIDE_ALIKE = """
    () => {
        const kinds = new Set();
        const drawn = (it) => {
            const {color, backgroundColor, fontSize, fontWeight, opacity} = getComputedStyle(it);
            const own = [...it.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
            return [it.tagName, it.className, own, color, backgroundColor, fontSize, fontWeight,
                opacity].join();
        };
        window.alike = [...document.querySelectorAll("tbody tr")].filter((row) => {
            const kind = [row, ...row.querySelectorAll("*")].map(drawn).join(";");
            return kinds.size === kinds.add(kind).size;
        });
        window.alike.forEach((row) => { row.style.display = "none"; });
    }
"""
_SHOW_ALIKE = "window.alike.forEach((row) => { row.style.display = ''; })"
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

    def violations(self) -> list[str]:
        """What axe-core finds by all of its rules."""
        others = self._found({"rules": {"color-contrast": {"enabled": False}}})
        return [*others, *self.contrasts()]

    def contrasts(self) -> list[str]:
        """Where axe-core finds colours too much alike. Of rows that are drawn alike the first says
        what all do, and it takes its time over each."""
        self.page.evaluate(_HIDE_ALIKE)
        found = self._found({"runOnly": {"type": "rule", "values": ["color-contrast"]}})
        self.page.evaluate(_SHOW_ALIKE)
        return found

    def _found(self, options: dict[str, Any]) -> list[str]:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        found: list[str] = self.page.evaluate(_CHECK, options)
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
    """A fresh browser profile at a page; where a test fails, what it saw is kept as a picture."""
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
    except (AssertionError, TimeoutError):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        name = urlsplit(look.page.url).path.strip("/").replace("/", "-") or "overview"
        look.page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}.png", full_page=True)
        raise
    finally:
        context.close()
