"""A real Prometheus scrapes a real gateway: every query of every panel and rule returns data.

One run of some fifteen seconds serves all tests of this file: two rounds of traffic, so that every
counter rises between two scrapes, a reload that is taken and one that is refused.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from router.telemetry.metrics import METRICS, PREFIX
from tests.deploy.metric_names import NOT_EVERYWHERE, exposed, named_in, rules
from tests.deploy.observed import SECOND, Observed, observed
from tests.deploy.promtool import needed
from tests.deploy.test_grafana import FILES, expressions

CONTROL = "job:slm_router_quality_gap:"
"""Recorded where a control share is drawn; this gateway draws none."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    with observed(tmp_path_factory.mktemp("observed")) as made:
        made.mixed_traffic()
        made.scraped_since(time.time())
        (made.policies / "b.yaml").write_text(f"{SECOND}# changed\n")
        taken = f'{PREFIX}policy_reloads_total{{result="ok"}} >= 1'
        made.wait_until(lambda: bool(made.query(taken)), "no reload")
        made.mixed_traffic()
        (made.policies / "b.yaml").write_text("name: [broken")
        refused = 'ALERTS{alertname="SlmRouterReloadRefused"}'
        made.wait_until(lambda: bool(made.query(refused)), "no refused reload")
        made.scraped_since(time.time())
        yield made


def asked(expression: str) -> str:
    """A dashboard's query as Grafana would send it, of all instances, policies and models."""
    values = {"instance": ".*", "policy": ".*", "model": ".*"}
    values |= {"__range": "1m", "__rate_interval": "30s"}
    return re.sub(r"\$(\w+)", lambda found: values[found[1]], expression)


def has_nothing_to_say(query: str, seen: Observed) -> bool:
    """Whether a query is of what this gateway does not have: see NOT_EVERYWHERE and CONTROL."""
    names = {name for name, _ in named_in(query)}
    if any(name.startswith(CONTROL) for name in names):
        return True
    return any(not seen.query(name) for name in names & NOT_EVERYWHERE)


QUERIES = [
    (file.stem, query)
    for file in FILES
    for query in dict.fromkeys(expressions(file))
    if not query.startswith("label_values")
]


def test_every_query_of_every_panel_returns_data(seen: Observed) -> None:
    empty = [
        (board, query)
        for board, query in QUERIES
        if not seen.query(asked(query)) and not has_nothing_to_say(query, seen)
    ]
    assert len(QUERIES) > 50
    assert empty == []


def test_no_figure_of_a_panel_is_none(seen: Observed) -> None:
    def figures(query: str) -> set[str]:
        return {sample["value"][1] for sample in seen.query(asked(query))}

    stats = [
        target["expr"]
        for file in FILES
        for panel in json.loads(file.read_text())["panels"]
        if panel["type"] == "stat"
        for target in panel["targets"]
    ]
    assert [query for query in stats if figures(query) & {"NaN", "+Inf", "-Inf"}] == []


def test_every_query_of_a_variable_returns_values(seen: Observed) -> None:
    for name in ("instance", "policy", "model"):
        metric = {"instance": "build_info", "policy": "policy_info", "model": "answers_total"}[name]
        values = {sample["metric"][name] for sample in seen.query(f"{PREFIX}{metric}")}
        assert values, name
    assert {"default", "second", "hasty"} <= {
        sample["metric"]["policy"] for sample in seen.query(f"{PREFIX}answers_total")
    }


def test_every_rule_is_evaluated_and_every_recorded_series_has_data(seen: Observed) -> None:
    told = seen.rules()
    assert len(told) == len(rules())
    assert [(rule["name"], rule.get("lastError")) for rule in told if rule["health"] != "ok"] == []
    names = [rule["name"] for rule in told if rule["type"] == "recording"]
    assert [n for n in names if not n.startswith(CONTROL) and not seen.query(n)] == []


def test_a_refused_reload_raises_its_alert_and_a_well_gateway_no_other(seen: Observed) -> None:
    raised = {rule["name"] for rule in seen.rules() if rule.get("alerts")}
    # The traffic is made to look bad: a third of it has no price, and half of the calls to one
    # upstream fail. That may raise these, if the test takes long enough.
    assert "SlmRouterReloadRefused" in raised
    assert not raised & {"SlmRouterDown", "SlmRouterDecisionsLost", "SlmRouterInputDrift"}
    assert "SlmRouterUnpriced" in raised


def test_money_adds_up_to_what_the_decision_log_says(seen: Observed) -> None:
    def total(name: str) -> float:
        return sum(float(s["value"][1]) for s in seen.query(f"sum({PREFIX}{name})"))

    spent, compared, baseline = map(
        total, ("cost_usd_total", "compared_cost_usd_total", "baseline_cost_usd_total")
    )
    assert 0 < compared <= spent + 1e-12
    assert baseline > 0
    assert total("log_write_failures_total") == 0


def test_every_metric_that_traffic_moves_has_been_scraped(seen: Observed) -> None:
    scraped = {sample["metric"]["__name__"] for sample in seen.query('{job="slm-router"}')}
    assert exposed().keys() - scraped <= NOT_EVERYWHERE
    ours = {name for name in scraped if name.startswith(PREFIX)}
    assert ours <= exposed().keys() and len(METRICS) > 20


def test_promtool_finds_nothing_wrong_with_the_exposition(seen: Observed) -> None:
    checked = subprocess.run(
        [needed("promtool"), "check", "metrics"],
        input=seen.exposition(),
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
