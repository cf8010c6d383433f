"""The report: whole without network or script, the same figures in JSON."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from classifiers import charts
from classifiers.curves import Bin, Estimate
from classifiers.errors import DataError
from classifiers.evaluation import Evaluation, Plan, evaluate_tables, pair_of
from classifiers.labels import DetectionReport, evaluate_labels
from classifiers.prompt_classifier import PromptClassifier
from classifiers.report import html
from tests.classifiers.made import made
from tests.classifiers.test_pairs import knowing

VOID = {"meta", "br", "img", "link", "input"}
HOSTILE = '<script>alert("x")</script>'


class Tags(HTMLParser):
    """Collects tags, and those that were closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


@pytest.fixture(scope="module")
def found(small: PromptClassifier) -> Evaluation:
    evaluation = Evaluation("v1", "made", Plan(rounds=10, small="small", large="large"), True)
    evaluate_tables({"made": made(priced=True)}, knowing(small), evaluation.plan, evaluation)
    few = evaluate_labels("domain", HOSTILE, ["a", "b"], ["a", "a"], rounds=5)
    many = evaluate_labels("language", "all", [str(n) for n in range(30)], ["1"] * 30, rounds=5)
    evaluation.labels.extend([few, many])
    sure = Estimate(0.9, 0.8, 1.0, 10)
    evaluation.detections.append(DetectionReport("private data", {"email": sure}, sure, []))
    return evaluation


def test_the_page_stands_alone(found: Evaluation) -> None:
    page = html(found)
    tags = parsed(page)

    assert tags.wrong == []
    assert set(tags.open) <= {"html", "body"}
    assert "script" not in tags.seen
    assert re.findall(r"(?:src|href|url)\s*[=(]", page) == []
    assert "prefers-color-scheme: dark" in page
    assert "nan" not in re.sub(r"<[^>]*title[^>]*>", "", page).split()


def test_a_table_stands_under_every_chart(found: Evaluation) -> None:
    page = html(found)

    for chart in re.finditer(r"</svg>", page):
        assert "<table" in page[chart.end() :]
    for name in ("ours", "kNN", "TF-IDF + ridge", "oracle", "best per category", "email"):
        assert f"<td>{name}</td>" in page


def test_simulated_scores_are_called_so(found: Evaluation) -> None:
    assert "Simulated scores" in html(found)
    assert "Simulated scores" not in html(Evaluation("v1", "d", Plan()))


def test_json_says_all_of_it_and_holds_no_nan(found: Evaluation) -> None:
    body = json.loads(found.json(), parse_constant=pytest.fail)

    assert body["format"] == 1 and body["simulated"] is True
    (pair,) = body["pairs"]
    assert pair["figures"]["random"]["APGR"]["value"] == 0.5
    assert pair["figures"]["ours"].keys() == {
        "APGR",
        "CPT(50)",
        "CPT(80)",
        "AIQ",
        "oracle's room",
        "quality at 50 % calls",
    }
    assert body["pools"][0]["figures"]["oracle"]["quality"]["value"] == 1
    assert body["plan"] == {
        "split": "val",
        "rounds": 10,
        "seed": 0,
        "small": "small",
        "large": "large",
    }


def test_names_are_never_markup() -> None:
    drawings = [
        charts.lines({HOSTILE: [(0, 0), (1, 1)]}, {HOSTILE: (0, 0)}, HOSTILE, HOSTILE),
        charts.whiskers({HOSTILE: Estimate(0.5, 0.4, 0.6, 3)}, HOSTILE),
        charts.reliability_diagram([Bin(0.5, 0.4, 3)], HOSTILE),
    ]

    for drawing in drawings:
        tags = parsed(drawing)
        assert "script" not in tags.seen and tags.wrong == [] and tags.open == []


def test_a_flat_line_and_an_undefined_figure_can_be_drawn() -> None:
    flat = charts.lines({"a": [(0, 0.5), (0, 0.5)]}, {}, "x", "y")
    nan = float("nan")

    assert "nan" not in flat
    assert charts.whiskers({"a": Estimate(nan, nan, nan, 0)}, "t") == ""
    assert "nan" not in charts.whiskers({"a": Estimate(0.5, nan, nan, 1)}, "t")


def test_the_pair_is_the_one_asked_for_else_the_worst_and_the_best() -> None:
    table = made().of_models(["large", "small"])

    assert pair_of(table, Plan()) == ("small", "large")
    assert pair_of(table, Plan(small="poet")) == ("poet", "large")


def test_what_cannot_be_measured_is_noted_and_nothing_at_all_is_an_error(
    small: PromptClassifier,
) -> None:
    plan = Plan(rounds=5, small="small", large="large")
    lacking = made().of_models(["small", "poet"])
    noted = Evaluation("v1", "made", plan)
    evaluate_tables({"made": made(), "lacking": lacking}, small, plan, noted)

    assert "no model 'large'" in noted.notes[0] and len(noted.pairs) == 1
    with pytest.raises(DataError, match="nothing could be measured"):
        evaluate_tables({"lacking": lacking}, small, plan, Evaluation("v1", "made", plan))
    turned = Plan(rounds=5, small="large", large="small")
    with pytest.raises(DataError, match="not better"):
        evaluate_tables({"made": made()}, small, turned, Evaluation("v1", "made", turned))
