"""The table of metrics, and its documentation."""

import re

import pytest

from router.telemetry.metrics import METRICS, PREFIX, MetricSpec
from tests.docs.tables import DOCS, assert_told, table

PAGE = DOCS / "metrics.md"
HEAD = ("metric", "type", "labels", "meaning")
SUFFIXES = ("", "_bucket", "_count", "_sum")


def row(spec: MetricSpec) -> tuple[str, ...]:
    labels = ", ".join(f"`{label}`" for label in spec.labels)
    return f"`{PREFIX}{spec.name}`", spec.type, labels, spec.meaning


def test_the_page_lists_every_metric_as_the_code_has_it() -> None:
    """Run with UPDATE_DOCS=1 to write the table anew."""
    assert_told(PAGE, table(HEAD, map(row, METRICS)))


def test_every_query_on_the_page_names_metrics_and_labels_that_exist() -> None:
    queries = PAGE.read_text().partition("## Questions")[2]
    known = {PREFIX + spec.name + suffix for spec in METRICS for suffix in SUFFIXES}
    named = set(re.findall(rf"{PREFIX}\w+", queries))
    assert named and named <= known
    labels = {label for spec in METRICS for label in spec.labels} | {"le"}
    grouped = {name for by in re.findall(r"by \(([^)]+)\)", queries) for name in by.split(", ")}
    matched = set(re.findall(r"\{(\w+)=", queries))
    assert grouped | matched <= labels


@pytest.mark.parametrize("spec", METRICS, ids=lambda spec: spec.name)
def test_names_follow_prometheus_rules(spec: MetricSpec) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", spec.name)
    assert (spec.type == "counter") == spec.name.endswith("_total")
    assert (spec.type == "histogram") == bool(spec.buckets)
    assert spec.type != "histogram" or spec.name.endswith(("_seconds", "_ratio"))
    assert list(spec.buckets) == sorted(spec.buckets)


@pytest.mark.parametrize("spec", METRICS, ids=lambda spec: spec.name)
def test_no_metric_is_labelled_by_what_a_caller_sends(spec: MetricSpec) -> None:
    configured = {
        "endpoint",
        "outcome",
        "policy",
        "rule",
        "model",
        "baseline",
        "upstream",
        "signal",
    }
    fixed = {"arm", "bound", "direction", "domain", "error", "location", "result", "source"}
    fixed |= {"purpose", "version", "word"}
    assert set(spec.labels) <= configured | fixed
