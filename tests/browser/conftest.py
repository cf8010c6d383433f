"""One gateway, filled by its own demo, and one Chromium for all that looks at it."""

import json
import os
import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.fakes.process import GatewayProcess, running_gateway

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"

if CHROMIUM is None:
    told = "NO CHROMIUM: the dashboard stays unseen by a browser (apt-get install chromium)"
    collect_ignore_glob = ["test_*.py"]
    if os.environ.get("CI"):
        raise RuntimeError(told)


def pytest_report_header() -> list[str]:
    """Say at the top of a run that no browser will look at anything."""
    return [] if CHROMIUM else ["!!! no Chromium found: tests/browser is left out"]


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway on simulated models that has sent its demo and had some answers judged."""
    state = tmp_path_factory.mktemp("dashboard")
    with running_gateway(state, "--simulated", "--store-content") as running:
        fill(running)
        yield running


def fill(running: GatewayProcess) -> None:
    """Send the demo through it, and say of some answers how they were."""
    posted(running, "/api/v1/demo", {})
    deadline = time.monotonic() + 60
    while fetched(running, "/api/v1/demo")["state"] == "running":
        assert time.monotonic() < deadline, running.output
        time.sleep(0.1)
    rows = fetched(running, "/api/v1/decisions?limit=80")["decisions"]
    for at, row in enumerate(rows):
        word = "underpowered" if at % 5 == 0 else "good_fit"
        posted(running, "/v1/feedback", {"decision": row["decision"], "word": word})


def fetched(running: GatewayProcess, path: str) -> Any:
    with urllib.request.urlopen(f"{running.url}{path}", timeout=10) as answer:
        return json.loads(answer.read())


def posted(running: GatewayProcess, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{running.url}{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's own Chromium; a process in a container may make no sandbox of its own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()
