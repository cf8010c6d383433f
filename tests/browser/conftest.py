"""One gateway, filled by its own demo, and one Chromium for all that looks at it."""

import asyncio
import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, sync_playwright

from router.stores.sqlite import SQLiteDecisionLog
from tests.browser.looking import looking
from tests.fakes.process import GatewayProcess, running_gateway
from tests.fakes.reviews import JUDGED, SHADOWED, UNPRICED, a_review

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium these tests are skipped, and the summary of the run says why."""
    if CHROMIUM is None:
        told = "NO CHROMIUM: no browser looks at the dashboard (apt-get install chromium)"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=told))


@dataclass(frozen=True)
class FirstVisit:
    """What a newcomer met who opened the dashboard of a gateway that nobody had asked yet."""

    running: GatewayProcess
    violations: list[str]
    refused: list[str]
    complaints: list[str]
    told: str


@pytest.fixture(scope="package")
def first_visit(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstVisit]:
    """The one gateway of all these tests; its demo is sent by the button that a newcomer finds."""
    state = tmp_path_factory.mktemp("dashboard")
    with running_gateway(state, "--simulated", "--store-content") as running:
        with looking(browser, running.url, "dark") as look:
            look.visit("/")
            violations = look.violations()
            look.page.get_by_role("button", name="Send 300 demo prompts").click()
            status = look.page.get_by_role("status")
            status.filter(has_text="300 sent").wait_for(timeout=120_000)
            told = status.inner_text()
            found = (violations, look.refused, look.complaints, told)
        yield FirstVisit(running, *found)


@pytest.fixture(scope="package")
def judged(first_visit: FirstVisit) -> list[str]:
    """The latest decisions of the demo, their answers judged, by the router itself too."""
    running = first_visit.running
    latest = fetched(running, "/api/v1/decisions?limit=40")["decisions"]
    for at, row in enumerate(latest):
        word = "underpowered" if at % 5 == 0 else "good_fit"
        posted(running, "/v1/feedback", {"decision": row["decision"], "word": word})
    ids = [str(row["decision"]) for row in latest]
    # The browser's own event loop runs in this thread.
    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, reviewed(running, ids)).result()
    return ids


@pytest.fixture(scope="package")
def gateway(first_visit: FirstVisit, judged: list[str]) -> GatewayProcess:
    """That gateway with its demo sent, and some of the answers judged."""
    return first_visit.running


async def reviewed(running: GatewayProcess, decisions: list[str]) -> None:
    """Write reviews into the gateway's log, as another of its workers would."""
    log = SQLiteDecisionLog(running.state / "decisions.sqlite3")
    now, judged = time.time(), replace(JUDGED, cost_usd=0.00002)
    shadowed = replace(SHADOWED, cost_usd=0.0004)
    for number, id in enumerate(decisions):
        calls = (judged, shadowed, judged) if number % 10 else (judged, UNPRICED)
        await log.record_review(a_review(id, at=now, calls=calls))
    await log.close()


def fetched(running: GatewayProcess, path: str) -> Any:
    with urllib.request.urlopen(f"{running.url}{path}", timeout=10) as answer:
        return json.loads(answer.read())


def posted(running: GatewayProcess, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{running.url}{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's own Chromium, for no longer: its event loop would be in the way of others.

    A process in a container may make no sandbox of its own.
    """
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()
