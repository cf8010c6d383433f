"""Pictures of the dashboard over a fortnight of demo traffic, for the README and for looking at.

    python -m tests.browser.screenshots [STATE]     docs/images/{overview,savings,decision}.png
    python -m tests.browser.screenshots STATE --all FOLDER    every page, light, dark and narrow

Without STATE the traffic is made anew; a STATE that `tests.browser.fortnight` has filled is used
as it is. The browser is the machine's own Chromium: nothing is downloaded.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, sync_playwright

from tests.browser.fortnight import fortnight
from tests.fakes.process import running_gateway

IMAGES = Path(__file__).parents[2] / "docs" / "images"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDE, NARROW = (1280, 860), (400, 860)
PATHS = {"overview": "/", "savings": "/savings", "quality": "/quality", "decisions": "/decisions"}


@contextmanager
def browser() -> Iterator[Browser]:
    """The machine's Chromium, without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


def picture(
    opened: Browser,
    url: str,
    file: Path,
    theme: str = "light",
    size: tuple[int, int] = WIDE,
    whole: bool = False,
) -> None:
    """One page as a PNG; `whole`: to its end, not only what a window shows."""
    page = opened.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
    )
    page.goto(url, wait_until="networkidle")
    page.screenshot(path=str(file), full_page=whole)
    page.close()


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description="Pictures of the dashboard.")
    parser.add_argument("state", type=Path, nargs="?")
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        state = options.state or Path(made)
        if not (state / "decisions.sqlite3").exists():
            asyncio.run(fortnight(state))
        policy = str(state / "policy" / "default.yaml")
        with running_gateway(state, "--policy", policy) as gateway, browser() as opened:
            paths = {**PATHS, "decision": f"/decisions/{a_decision(gateway.url)}"}
            if options.all is None:
                for name in ("overview", "savings", "decision"):
                    picture(opened, gateway.url + paths[name], IMAGES / f"{name}.png")
                return 0
            options.all.mkdir(parents=True, exist_ok=True)
            for name, path in paths.items():
                for theme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW)):
                    file = options.all / f"{name}-{theme}-{size[0]}.png"
                    picture(opened, gateway.url + path, file, theme, size, whole=True)
    return 0


def a_decision(url: str) -> str:
    """One that the large model answered after all, for there is most to see of it."""
    asked = {"model": "sim-large", "rule": "exacting", "outcome": "ok", "limit": "1"}
    told = httpx2.get(f"{url}/api/v1/decisions", params=asked, trust_env=False).json()
    return str(told["decisions"][0]["decision"])


if __name__ == "__main__":
    raise SystemExit(main())
