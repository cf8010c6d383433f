"""After the demo its dashboard is filled, and true to the log: worked out again here, in SQL.

It runs the real gateway and waits for simulated models to write, hence its seconds.
"""

import asyncio
import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from router.dashboard.formats import usd

SENT = 60

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Shown:
    """A gateway that the demo has gone through, and its log."""

    port: int
    log: Path

    def fetched(self, path: str, accept: str = "application/json") -> str:
        """A page or a report."""
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(
            urllib.request.Request(url, headers={"accept": accept}), timeout=30
        ) as answer:
            return str(answer.read().decode())

    def report(self, path: str) -> Any:
        """A report's JSON."""
        return json.loads(self.fetched(f"/api/v1/{path}"))

    def asked(self, statement: str) -> list[Any]:
        """Rows of the log."""
        with closing(sqlite3.connect(f"file:{self.log}?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def shown(demo: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The demo's own steps, up to where it would stay."""
    state, port = tmp_path_factory.mktemp("demo"), demo.free_port()
    prompts = demo.load_prompts(Path(str(demo.__file__)).with_name("prompts.jsonl"), SENT)
    with demo.gateway(port, state):
        # Few at a time, for a busy machine; one that gets lost all the same is in no row either.
        # In a thread: where a browser's tests ran before, this one has a loop of theirs.
        sending = demo.send_all(prompts, port, 4, Console(quiet=True))
        with ThreadPoolExecutor(1) as thread:
            answers = thread.submit(asyncio.run, sending).result()
        assert sum(not one.failure for one in answers) > SENT * 0.9
        assert demo.judge(demo.scores(answers, demo.read_log(state)), port) > SENT / 3
        yield Shown(port, state / "decisions.sqlite3")


def test_the_net_saving_is_that_of_the_rows(shown: Shown) -> None:
    [[net, baseline, priced]] = shown.asked(
        "SELECT sum(baseline_usd - cost_usd - escalation_usd - own_usd - cache_loss_usd),"
        " sum(baseline_usd), count(*) FROM decisions"
        " WHERE model IS NOT NULL AND cost_usd IS NOT NULL AND baseline_usd IS NOT NULL"
    )
    found = shown.report("overview")

    assert priced == found["saving"]["priced_requests"] > SENT * 0.9
    # Each row is rounded to whole nano-dollars, part by part.
    assert found["saving"]["net_usd"] == pytest.approx(net, abs=SENT * 5e-9)
    saved = next(one for one in found["figures"] if one["name"] == "saved")
    assert saved["value"] == pytest.approx(net / baseline, abs=1e-5)
    assert usd(found["saving"]["baseline_usd"]) in shown.fetched("/", "text/html")


def test_spending_by_model_is_that_of_the_rows(shown: Shown) -> None:
    rows = shown.asked(
        "SELECT model, sum(cost_usd + escalation_usd + own_usd), count(*)"
        " FROM decisions WHERE model IS NOT NULL GROUP BY model"
    )
    told: dict[str, list[float]] = {}
    for day in shown.report("savings")["days"]:
        sums = told.setdefault(day["model"], [0.0, 0])
        sums[0], sums[1] = sums[0] + day["spent_usd"], sums[1] + day["requests"]

    assert set(told) == {model for model, _, _ in rows}
    for model, spent, requests in rows:
        assert told[model][0] == pytest.approx(spent, abs=requests * 2e-9)
        assert told[model][1] == requests


def test_scores_by_rule_are_those_that_were_given(shown: Shown) -> None:
    rows = shown.asked(
        "SELECT d.rule, count(*), avg(f.score) FROM feedback f"
        " JOIN decisions d ON d.id = f.decision GROUP BY d.rule"
    )
    told = {row["of"]: row for row in shown.report("quality")["rules"]}

    assert {rule: n for rule, n, _ in rows} == {rule: row["n"] for rule, row in told.items()}
    known = [(told[rule]["value"], mean) for rule, n, mean in rows if n >= 20]
    for value, mean in known:
        assert value == pytest.approx(mean, abs=1e-6)
    [[wrong]] = shown.asked("SELECT count(*) FROM feedback WHERE score < 1")
    assert len(shown.report("quality")["worst"]) == min(wrong, 20) > 0


@pytest.mark.parametrize("path", ["/", "/savings", "/quality"])
def test_each_page_is_filled_and_says_that_it_is_simulated(shown: Shown, path: str) -> None:
    page = shown.fetched(path, "text/html")

    assert "Simulated traffic" in page
    assert "No request in this period" not in page and "<strong>Nothing was judged" not in page
