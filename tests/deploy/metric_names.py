"""Which metrics and labels PromQL may name: those of the code, and those that our rules record."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from router.telemetry.metrics import METRICS, PREFIX

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = tuple(sorted((DEPLOY / "prometheus" / "rules").glob("*.yml")))

OF_PROMETHEUS = {"up": {"job", "instance"}, "scrape_samples_scraped": {"job", "instance"}}
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("_count", "_sum")}
NOT_EVERYWHERE = frozenset({"slm_router_energy_joules_total", "slm_router_emissions_grams_total"})
"""Told only where something is known of energy."""


def rules() -> list[dict[str, Any]]:
    """Every rule of every file."""
    read = (yaml.safe_load(file.read_text("utf-8")) for file in RULES)
    return [rule for content in read for group in content["groups"] for rule in group["rules"]]


def exposed() -> dict[str, set[str]]:
    """Each series' name as Prometheus keeps it -> its labels."""
    named = {}
    for spec in METRICS:
        for suffix in SUFFIXES.get(spec.type, ("",)):
            le = {"le"} if suffix == "_bucket" else set()
            named[f"{PREFIX}{spec.name}{suffix}"] = {*spec.labels, *le, "job", "instance"}
    return named


def recorded() -> dict[str, set[str]]:
    """Each recorded series -> its labels, which stand first in its name."""
    names = [rule["record"] for rule in rules() if "record" in rule]
    return {name: set(name.partition(":")[0].split("_")) for name in names}


def known() -> dict[str, set[str]]:
    """All that a query may name -> its labels."""
    return {**exposed(), **recorded(), **OF_PROMETHEUS}


def named_in(query: str) -> Iterator[tuple[str, set[str]]]:
    """Each series that a query names, with the labels that it is selected by."""
    pattern = r"\b([a-z_]+:[a-z0-9_:]+|slm_router_\w+|up|scrape_samples_scraped)\b(?:\{([^}]*)\})?"
    for name, selector in re.findall(pattern, re.sub(r'"[^"]*"', '""', query)):
        yield name, set(re.findall(r"(\w+)\s*[=!]", selector))


def grouped_in(query: str) -> set[str]:
    """The labels that a query groups, matches or joins by."""
    lists = re.findall(r"\b(?:by|on|ignoring|group_left|without)\s*\(([^)]*)\)", query)
    return {label for given in lists for label in re.split(r"[,\s]+", given) if label}
