"""The scrape config, the rules and the alerts, as promtool reads them and by their names."""

import re
import shutil
from pathlib import Path

import yaml

from router.telemetry.metrics import METRICS
from tests.deploy.metric_names import DEPLOY, RULES, grouped_in, known, named_in, rules
from tests.deploy.promtool import promtool

FOLDER = DEPLOY / "prometheus"
TESTS = sorted((FOLDER / "tests").glob("*_test.yml"))
DOCS = DEPLOY.parent / "docs"
ALERTS = [rule for rule in rules() if "alert" in rule]


def test_promtool_accepts_the_config_and_the_rules() -> None:
    checked = promtool("check", "config", FOLDER / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_fires_when_it_must_and_only_then() -> None:
    tested = promtool("test", "rules", *TESTS)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_an_alert_that_never_fires_fails_its_case(tmp_path: Path) -> None:
    """What the alerts would look at is not reckoned here, for it takes long and nothing asks it."""
    shutil.copytree(FOLDER, tmp_path / "prometheus")
    for file in (tmp_path / "prometheus" / "rules").iterdir():
        content = yaml.safe_load(file.read_text())
        for group in content["groups"]:
            group["rules"] = [
                {**rule, "expr": "vector(0) > 1"} for rule in group["rules"] if "alert" in rule
            ]
        file.write_text(yaml.safe_dump(content))
    copies = [tmp_path / "prometheus" / "tests" / file.name for file in TESTS]
    tested = promtool("test", "rules", *copies)
    assert tested.returncode != 0
    told = tested.stdout + tested.stderr
    assert [rule["alert"] for rule in ALERTS if f"alertname: {rule['alert']}" not in told] == []


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = [
        (case["alertname"], bool(case["exp_alerts"]))
        for file in TESTS
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test["alert_rule_test"]
    ]
    assert set(cases) == {(rule["alert"], fires) for rule in ALERTS for fires in (True, False)}


def test_every_rule_names_series_and_labels_that_exist() -> None:
    every = known()
    for rule in rules():
        found = list(named_in(rule["expr"]))
        assert found
        for name, selected in found:
            assert selected <= every[name], rule
        labels = set().union(*(every[name] for name, _ in found))
        assert grouped_in(rule["expr"]) <= labels, rule


def test_a_recorded_name_says_what_it_is_kept_by_and_over_what() -> None:
    names = [rule["record"] for rule in rules() if "record" in rule]
    pattern = r"job(_policy|_arm|_domain)?:slm_router_[a-z_]+:[a-z0-9_]*\d[mhd]"
    assert [name for name in names if not re.fullmatch(pattern, name)] == []
    assert len(set(names)) == len(names)


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description"} == set(rule["annotations"])


def test_every_alert_is_explained_on_the_page_on_metrics() -> None:
    page = (DOCS / "metrics.md").read_text("utf-8").partition("## Alerts")[2]
    named = set(re.findall(r"`(SlmRouter\w+)`", page))
    assert named == {rule["alert"] for rule in ALERTS}


def test_a_circuit_is_open_at_the_value_that_the_metric_says() -> None:
    told = [spec.meaning for spec in METRICS if spec.name == "upstream_circuit_state"]
    (alert,) = (rule for rule in ALERTS if rule["alert"] == "SlmRouterCircuitOpen")
    value = alert["expr"].partition("== ")[2].rstrip(")")
    assert value and all(f"{value}: open" in meaning for meaning in told)


def test_every_file_of_rules_is_loaded() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    loaded = {found for pattern in config["rule_files"] for found in FOLDER.glob(pattern)}
    assert loaded == set(RULES)
