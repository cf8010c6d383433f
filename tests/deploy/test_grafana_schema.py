"""Grafana's own types know every field of our dashboards, so that an import loses nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.deploy.test_grafana import FILES, read

BEYOND = {
    # Of Prometheus' own annotations: its plugin reads them, the dashboard's types do not.
    "annotations.list.step",
    "annotations.list.titleFormat",
    # The query of a variable once more, for the list of variables to show.
    "templating.list.definition",
}


def lost(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """Fields that are not the same after a dashboard was read and written, without positions."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name, value in before.items():
            inside = f"{at}.{name}".lstrip(".")
            if name in after:
                yield from lost(value, after[name], inside)
            else:
                yield inside
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from lost(one, other, at)
    elif before != after:
        yield at


@pytest.fixture(scope="module", autouse=True)
def plugins() -> None:
    """Panels and queries have types too, which are known once their plugins are."""
    register_default_plugins()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.stem))
def test_it_is_read_and_written_by_grafanas_types_as_it_was(file: Path) -> None:
    board = Dashboard.from_json(read(file))
    written = json.loads(JSONEncoder().encode(board))

    assert set(lost(read(file), written)) <= BEYOND


def test_a_misspelt_field_of_a_panel_would_be_seen() -> None:
    board = read(FILES[0])
    panel = next(it for it in board["panels"] if it["type"] == "timeseries")
    panel["fieldConfig"]["defaults"]["custom"]["fillOpacitiy"] = 10
    panel["targets"][0]["legendFromat"] = "x"
    written = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))

    assert {it.rpartition(".")[2] for it in lost(board, written)} >= {
        "fillOpacitiy",
        "legendFromat",
    }
