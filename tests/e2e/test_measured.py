"""What an experiment measured outlives the process: seen in the rows of one that came after."""

import json
import sqlite3
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from router.core.lengths import LEAST
from tests.fakes.process import GatewayProcess, running_gateway

POLICY = """
name: home
baseline: large
control: 0.5
upstreams: {sim: {kind: simulated, first_token: 1ms, tokens_per_second: 50000}}
models:
  small:
    {upstream: sim, location: local, quality: 0.9, expected_output_tokens: 40,
     price: {input_usd_per_mtok: 1, output_usd_per_mtok: 1}}
  large:
    {upstream: sim, location: cloud, quality: 0.9, expected_output_tokens: 90,
     price: {input_usd_per_mtok: 10, output_usd_per_mtok: 10}}
default: {candidates: [small], strategy: {kind: cheapest_good_enough, min_quality: 0.01}}
"""
ENOUGH = 100
"""Requests, of which chance leaves fewer than thirty to either once in more than 20,000 times."""


def test_the_ratios_that_a_process_has_measured_are_those_of_the_next(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(POLICY)
    log = tmp_path / "state" / "decisions.sqlite3"
    with running_gateway(tmp_path / "state", "--policy", str(tmp_path / "home.yaml")) as gateway:
        for number in range(ENOUGH):
            ask(gateway, number)
    before = rows(log)
    assert len(before) == ENOUGH
    with running_gateway(tmp_path / "state", "--policy", str(tmp_path / "home.yaml")) as gateway:
        for number in range(20):
            ask(gateway, number)
    treated = [row for row in rows(log)[ENOUGH:] if row["arm"] == "treated"]

    # The first that was left to routing is priced by what the first process had measured, and by
    # the few that came before it.
    earlier = rows(log)[: ENOUGH + [row["arm"] for row in rows(log)[ENOUGH:]].index("treated") + 1]
    control, own = (
        [row["output_tokens"] for row in earlier if row["arm"] == arm]
        for arm in ("control", "treated")
    )
    assert min(len(control), len(own)) >= LEAST
    ratio = (sum(control) / len(control)) / (sum(own) / len(own))
    assert treated[0]["baseline_verbosity"] == pytest.approx(ratio)
    assert ratio != 1.0
    assert treated[0]["baseline_tokenizer_basis"] == "measured"


def ask(gateway: GatewayProcess, number: int) -> None:
    said = {"model": "auto", "messages": [{"role": "user", "content": f"Tell me of {number}."}]}
    asked = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions",
        json.dumps(said).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        answer.read()


def rows(log: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(log)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM decisions ORDER BY at")]
