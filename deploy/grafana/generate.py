"""Writes the Grafana dashboards of `dashboards/` from `panels.yaml`.

    python deploy/grafana/generate.py [--check]

Rule: nothing stands in the JSON that panels.yaml does not say, except for how a kind of panel is
drawn, which stands here once. Change a dashboard there, never in Grafana.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PANELS = HERE / "panels.yaml"
FOLDER = HERE / "dashboards"

JSON = dict[str, Any]
Given = Mapping[str, Any]

GRID = 24
SCHEMA_VERSION = 39
"""Of Grafana 10.4; later ones migrate it when they load it."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "slm-router"
INSTANT = ("stat", "bars", "table")
"""Kinds that show one moment: the end of the time shown."""

_LINE = {"drawStyle": "line", "lineWidth": 1, "showPoints": "never", "spanNulls": False}
_LEGEND = {"displayMode": "table", "placement": "bottom", "calcs": ["mean", "max", "lastNotNull"]}
_CHART = {
    "legend": {**_LEGEND, "showLegend": True},
    "tooltip": {"mode": "multi", "sort": "desc"},
}
_REDUCED = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}

DRAWN: Mapping[str, tuple[str, JSON, JSON]] = {
    "stat": ("stat", {**_REDUCED, "colorMode": "value", "graphMode": "none"}, {}),
    "lines": (
        "timeseries",
        _CHART,
        {**_LINE, "fillOpacity": 0, "thresholdsStyle": {"mode": "line"}},
    ),
    "stacked": (
        "timeseries",
        _CHART,
        {**_LINE, "fillOpacity": 30, "stacking": {"mode": "normal", "group": "A"}},
    ),
    "bars": (
        "bargauge",
        {**_REDUCED, "orientation": "horizontal", "displayMode": "basic", "valueMode": "color"},
        {},
    ),
    "heatmap": (
        "heatmap",
        {
            "calculate": False,
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Blues", "steps": 32, "exponent": 0.5},
            "legend": {"show": True},
            "tooltip": {"mode": "single", "yHistogram": True},
        },
        {},
    ),
    "states": (
        "state-timeline",
        {"mergeValues": True, "showValue": "auto", "legend": {"showLegend": False}},
        {"fillOpacity": 70},
    ),
    "table": ("table", {"showHeader": True, "cellHeight": "sm"}, {"align": "auto"}),
}
"""Kind -> Grafana's type, its options, and the `custom` part of its fields."""


def dashboard(given: Given, everywhere: Given) -> JSON:
    """One dashboard as Grafana's JSON. `everywhere` are the variables and the annotation."""
    return {
        "uid": given["uid"],
        "title": f"slm-router / {given['title']}",
        "description": given["description"],
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": [_annotation(everywhere["annotation"])]},
        "links": [_link()],
        "templating": {"list": list(_variables(given["variables"], everywhere["variables"]))},
        "panels": list(_panels(given["rows"])),
    }


def _link() -> JSON:
    return {
        "type": "dashboards",
        "title": "slm-router",
        "tags": [TAG],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
    }


def _annotation(given: Given) -> JSON:
    return {
        "name": given["name"],
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": "blue",
        "expr": given["expr"],
        "step": "1m",
        "titleFormat": given["name"],
    }


def _variables(names: Sequence[str], known: Given) -> Iterator[JSON]:
    yield {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "hide": 0,
    }
    for name in names:
        yield {
            "name": name,
            "label": known[name]["label"],
            "type": "query",
            "datasource": DATASOURCE,
            "query": {"query": known[name]["query"], "refId": name},
            "definition": known[name]["query"],
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
        }


def _panels(rows: Sequence[Given]) -> Iterator[JSON]:
    """Rows and panels from the top left to the bottom right, numbered as they come."""
    id, top = 0, 0
    for row in rows:
        id += 1
        yield {
            "id": id,
            "type": "row",
            "title": row["title"],
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": GRID, "h": 1},
        }
        left, top, tallest = 0, top + 1, 0
        for given in row["panels"]:
            if left + given["width"] > GRID:
                left, top, tallest = 0, top + tallest, 0
            id += 1
            place = {"x": left, "y": top, "w": given["width"], "h": given["height"]}
            yield {"id": id, "gridPos": place, **_panel(given)}
            left += given["width"]
            tallest = max(tallest, given["height"])
        top += tallest


def _panel(given: Given) -> JSON:
    type_, options, custom = DRAWN[given["kind"]]
    queries = given["queries"]
    letters = [chr(ord("A") + at) for at in range(len(queries))]
    panel: JSON = {
        "type": type_,
        "title": given["title"],
        "description": given["description"],
        "datasource": DATASOURCE,
        "targets": [_target(given["kind"], *it) for it in zip(letters, queries, strict=True)],
        "fieldConfig": {"defaults": _field(given, custom), "overrides": []},
        "options": options,
    }
    if given["kind"] == "heatmap":
        panel["options"] = {**options, "yAxis": {"unit": given["unit"]}}
    if given["kind"] == "table":
        panel["transformations"] = _columns(given["columns"], letters, queries)
        panel["fieldConfig"]["overrides"] = list(_overrides(queries))
    return panel


def _target(kind: str, letter: str, query: Given) -> JSON:
    return {
        "refId": letter,
        "datasource": DATASOURCE,
        "expr": query["expr"],
        "legendFormat": query.get("legend", ""),
        "instant": kind in INSTANT,
        "range": kind not in INSTANT,
        "format": {"table": "table", "heatmap": "heatmap"}.get(kind, "time_series"),
    }


def _field(given: Given, custom: JSON) -> JSON:
    field: JSON = {"unit": given["unit"], "custom": custom, "mappings": []}
    for name in ("decimals", "max"):
        if name in given:
            field[name] = given[name]
    if given["kind"] in ("bars", "stacked"):
        field["min"] = 0
    if "empty" in given:
        field["noValue"] = given["empty"]
    if "states" in given:
        field["mappings"] = [_mapping(given["states"])]
    if "thresholds" in given:
        steps = [{"color": c, "value": v} for c, v in given["thresholds"].items()]
        field["thresholds"] = {"mode": "absolute", "steps": steps}
        field["color"] = {"mode": "palette-classic" if given["kind"] == "lines" else "thresholds"}
    else:
        # One step below all else: a line of its own colour, and no threshold to draw.
        field["thresholds"] = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
        chart = given["kind"] in ("lines", "stacked")
        field["color"] = {"mode": "palette-classic" if chart else "thresholds"}
    return field


def _mapping(states: Given) -> JSON:
    told = {
        str(value): {"text": text, "color": color, "index": index}
        for index, (value, (text, color)) in enumerate(states.items())
    }
    return {"type": "value", "options": told}


def _columns(
    columns: Sequence[str], letters: Sequence[str], queries: Sequence[Given]
) -> list[JSON]:
    """One row for each set of labels, with a column for each query, called by its legend."""
    several = len(queries) > 1
    values = [f"Value #{letter}" if several else "Value" for letter in letters]
    names = dict(zip(values, (query["legend"] for query in queries), strict=True))
    order = {name: at for at, name in enumerate([*columns, *values])}
    organize = {
        "id": "organize",
        "options": {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names},
    }
    return [{"id": "merge", "options": {}}, organize]


def _overrides(queries: Sequence[Given]) -> Iterator[JSON]:
    for query in queries:
        properties = [
            {"id": name, "value": query[name]} for name in ("unit", "decimals") if name in query
        ]
        if properties:
            matcher = {"id": "byName", "options": query["legend"]}
            yield {"matcher": matcher, "properties": properties}


def dashboards() -> dict[Path, str]:
    """Each file that should be there, and what it should hold."""
    everything = yaml.safe_load(PANELS.read_text("utf-8"))
    return {
        FOLDER / f"{given['uid'].removeprefix('slm-router-')}.json": json.dumps(
            dashboard(given, everything), indent=2, ensure_ascii=False
        )
        + "\n"
        for given in everything["dashboards"]
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Write the dashboards, or with --check say which of them are not what panels.yaml says."""
    parser = argparse.ArgumentParser(description="Write the Grafana dashboards from panels.yaml.")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if any differs")
    check = parser.parse_args(argv).check
    made = dashboards()
    if not check:
        for file, content in made.items():
            file.write_text(content, "utf-8")
        return 0
    there = {file: file.read_text("utf-8") for file in FOLDER.glob("*.json")}
    stale = [file.name for file in {**made, **there} if made.get(file) != there.get(file)]
    if stale:
        print(f"not as panels.yaml says: {', '.join(stale)}; run {Path(__file__).name}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
