"""The dashboards are what panels.yaml says, and read well: whatever no Grafana is needed to see."""

import importlib.util
import json
import re
import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.deploy.metric_names import DEPLOY, grouped_in, known, named_in

GRAFANA = DEPLOY / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
UNITS = {"currencyUSD", "percentunit", "s", "short", "none", "reqps", "cps", "kwatth", "massg"}
"""Ids of Grafana's units; a misspelt one is shown behind each figure as it stands."""

COLOURS = {"green", "orange", "red"}


def generator(folder: Path = GRAFANA) -> ModuleType:
    """The script, run from where it lies: it is no part of any package."""
    spec = importlib.util.spec_from_file_location("generate", folder / "generate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def panels(file: Path) -> list[dict[str, Any]]:
    return [panel for panel in read(file)["panels"] if panel["type"] != "row"]


def expressions(file: Path) -> Iterator[str]:
    """Every query of a dashboard: panels', variables' and annotations'."""
    board = read(file)
    yield from (target["expr"] for panel in panels(file) for target in panel["targets"])
    yield from (it["expr"] for it in board["annotations"]["list"])
    yield from (it["definition"] for it in board["templating"]["list"] if it["type"] == "query")


@pytest.fixture(params=FILES, ids=lambda file: str(file.stem))
def file(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_there_are_four_and_they_are_what_the_data_file_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len(FILES) == 4
    assert generator().main(["--check"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("spoilt", ["changed", "missing", "too many"])
def test_a_dashboard_that_is_not_what_the_data_file_says_is_named(
    spoilt: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(GRAFANA, tmp_path / "grafana")
    folder = tmp_path / "grafana" / "dashboards"
    if spoilt == "changed":
        (folder / "savings.json").write_text("{}")
    elif spoilt == "missing":
        (folder / "savings.json").unlink()
    else:
        (folder / "savings.json").rename(folder / "other.json")
    script = generator(tmp_path / "grafana")
    assert script.main(["--check"]) == 1
    assert ("other.json" if spoilt == "too many" else "savings.json") in capsys.readouterr().out


def test_no_two_dashboards_share_an_id_or_a_title() -> None:
    for name in ("uid", "title"):
        assert len({read(file)[name] for file in FILES}) == len(FILES)
    assert all(re.fullmatch(r"[a-z-]{1,40}", read(file)["uid"]) for file in FILES)


def test_panels_have_ids_and_titles_of_their_own_and_say_what_they_show(file: Path) -> None:
    shown = panels(file)
    ids = [panel["id"] for panel in read(file)["panels"]]
    assert len(set(ids)) == len(ids)
    assert len({panel["title"] for panel in shown}) == len(shown) <= 20
    assert [p["title"] for p in shown if not re.search(r"\w.{15,}\.$", p["description"])] == []


def test_panels_fill_the_grid_without_lying_on_each_other(file: Path) -> None:
    def cells(panel: dict[str, Any]) -> set[tuple[int, int]]:
        at = panel["gridPos"]
        across, down = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        return {(x, y) for x in across for y in down}

    every = read(file)["panels"]
    assert all(cells(one).isdisjoint(cells(other)) for one, other in combinations(every, 2))
    assert {x for panel in every for x, _ in cells(panel)} == set(range(24))


def test_every_query_asks_the_data_source_that_the_reader_picks(file: Path) -> None:
    board = read(file)
    picked = {"type": "prometheus", "uid": "${datasource}"}
    variables = board["templating"]["list"]
    assert variables[0]["type"] == "datasource"
    asking = [*panels(file), *(t for p in panels(file) for t in p["targets"])]
    asking += [*board["annotations"]["list"], *variables[1:]]
    assert [one for one in asking if one["datasource"] != picked] == []


def test_every_variable_is_used_and_every_one_used_is_there(file: Path) -> None:
    asked = " ".join(target["expr"] for panel in panels(file) for target in panel["targets"])
    used = set(re.findall(r"\$(\w+)", asked))
    declared = {variable["name"] for variable in read(file)["templating"]["list"]}
    assert used - {"__range", "__rate_interval"} == declared - {"datasource"}


def test_units_and_colours_are_ones_that_grafana_knows(file: Path) -> None:
    for panel in panels(file):
        defaults = panel["fieldConfig"]["defaults"]
        overridden = [p for o in panel["fieldConfig"]["overrides"] for p in o["properties"]]
        units = {defaults["unit"], *(p["value"] for p in overridden if p["id"] == "unit")}
        assert units <= UNITS, panel["title"]
        steps = defaults["thresholds"]["steps"]
        values = [step["value"] for step in steps]
        assert values[0] is None and values[1:] == sorted(values[1:])
        assert {step["color"] for step in steps} <= COLOURS | {"text"}


def test_every_chart_of_several_series_says_which_is_which(file: Path) -> None:
    unsaid = [
        (panel["title"], target["expr"])
        for panel in panels(file)
        for target in panel["targets"]
        if panel["type"] != "stat" and not target["legendFormat"]
    ]
    assert unsaid == []
    for panel in panels(file):
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            of_a_rule = {label for name, _ in named_in(target["expr"]) for label in known()[name]}
            assert shown <= grouped_in(target["expr"]) | of_a_rule


def test_every_query_names_series_and_labels_that_exist(file: Path) -> None:
    every = known()
    for query in expressions(file):
        found = list(named_in(query))
        assert found, query
        for name, selected in found:
            assert name in every, query
            assert selected <= every[name], query
        labels = set().union(*(every[name] for name, _ in found))
        assert grouped_in(query) <= labels, query


def test_what_is_counted_is_asked_as_a_rate_or_an_increase(file: Path) -> None:
    counted = re.compile(r"slm_router_\w+?(_total|_bucket|_count|_sum)\b[^\[]*?(\[|$)")
    for query in expressions(file):
        if "label_values" not in query:
            assert all(found[1] == "[" for found in counted.findall(query)), query


def test_grafana_finds_the_dashboards_and_the_data_source() -> None:
    provisioning = GRAFANA / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yaml").read_text())[
        "datasources"
    ]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "slm-router.yaml").read_text())[
        "providers"
    ]
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert source["type"] == "prometheus" and source["isDefault"]
    assert source["jsonData"]["timeInterval"] == scraped["global"]["scrape_interval"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards"
