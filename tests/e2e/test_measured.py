"""What an experiment measured outlives the process: seen in the rows of one that came after."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

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

    assert treated
    # The first of them is priced by what all before it had measured.
    lengths = {
        arm: [row["output_tokens"] for row in before if row["arm"] == arm]
        for arm in ("control", "treated")
    }
    assert min(map(len, lengths.values())) >= 30
    means = {arm: sum(found) / len(found) for arm, found in lengths.items()}
    first = rows(log)[ENOUGH:].index(treated[0])
    if first == 0:
        assert abs(treated[0]["baseline_verbosity"] - means["control"] / means["treated"]) < 0.05
    assert treated[0]["baseline_verbosity"] != 1.0
    assert treated[0]["baseline_tokenizer_basis"] == "measured"


def ask(gateway: GatewayProcess, number: int) -> None:
    gateway.post("/v1/chat/completions", said(number))


def said(number: int) -> dict[str, Any]:
    return {"model": "auto", "messages": [{"role": "user", "content": f"Tell me of {number}."}]}


def rows(log: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(log)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM decisions ORDER BY at")]
