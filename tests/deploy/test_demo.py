"""The demo's pure parts: reading prompts, counting answers, adding up costs."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROMPTS = Path(__file__).parents[2] / "deploy" / "demo" / "prompts.jsonl"


def line(said: str = "hi", **labels: str) -> dict[str, Any]:
    """One line of a prompts file."""
    row = {"id": "x", "domain": "other", "task": "chat", "language": "en", "difficulty": "easy"}
    return {**row, **labels, "messages": [{"role": "user", "content": said}]}


def write(folder: Path, *rows: object) -> Path:
    """Write a prompts file."""
    path = folder / "prompts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def answer(demo: ModuleType, model: str, decision: str = "d", **changes: Any) -> Any:
    """An answer of `model` to a prompt labelled by `changes`."""
    failure = changes.pop("failure", "")
    overhead_ms = changes.pop("overhead_ms", 1.0)
    row = line(**changes)
    labels = {key: row[key] for key in demo.LABELS}
    prompt = demo.Prompt(labels, {"messages": row["messages"]})
    return demo.Answer(prompt, model, decision, overhead_ms, failure)


def priced(cost: float | None, baseline_cost: float | None) -> dict[str, Any]:
    """A row of the decision log."""
    return {"cost_usd": cost, "baseline_cost_usd": baseline_cost, "baseline": "always:large"}


def test_the_shipped_prompts_load(demo: ModuleType) -> None:
    prompts = demo.load_prompts(PROMPTS, 7)

    assert [p.labels["id"] for p in prompts] == [f"d{i:03d}" for i in range(1, 8)]
    assert all(set(p.body) <= {"messages", "tools", "response_format"} for p in prompts)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([], "expected the keys"),
        ({"id": "x"}, "expected the keys"),
        (line(difficulty="tricky"), "difficulty must be easy, medium or hard"),
        ({**line(), "messages": []}, "messages not empty"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(
    demo: ModuleType, tmp_path: Path, row: object, message: str
) -> None:
    path = write(tmp_path, line(), row)

    with pytest.raises(demo.DemoError, match=message) as caught:
        demo.load_prompts(path)

    assert str(caught.value).startswith(f"{path}:2: ")


def test_a_line_that_is_not_json_is_named(demo: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text("{oops\n")

    with pytest.raises(demo.DemoError, match=r"prompts\.jsonl:1: not JSON"):
        demo.load_prompts(path)


def test_counts_are_per_model_with_shares_of_the_row(demo: ModuleType) -> None:
    answers = [
        answer(demo, "small", difficulty="easy"),
        answer(demo, "small", difficulty="easy"),
        answer(demo, "small", difficulty="hard"),
        answer(demo, "large", difficulty="hard"),
    ]

    header, rows = demo.counts(answers, "difficulty")

    assert header == ["difficulty", "small", "large", "all"]
    assert rows == [["easy", "2 (100%)", "0 (0%)", "2"], ["hard", "1 (50%)", "1 (50%)", "2"]]


def test_difficulty_is_listed_from_easy_to_hard_and_other_labels_by_name(demo: ModuleType) -> None:
    levels, languages = ("hard", "easy", "medium"), ("ru", "de", "en")
    answers = [
        answer(demo, "m", difficulty=level, language=language)
        for level, language in zip(levels, languages, strict=True)
    ]

    assert [row[0] for row in demo.counts(answers, "difficulty")[1]] == ["easy", "medium", "hard"]
    assert [row[0] for row in demo.counts(answers, "language")[1]] == ["de", "en", "ru"]


def test_a_failed_request_is_counted_for_no_model(demo: ModuleType) -> None:
    answers = [answer(demo, "small"), answer(demo, "", failure="500")]

    header, rows = demo.counts(answers, "task")

    assert (header, rows) == (["task", "small", "all"], [["chat", "1 (100%)", "1"]])


def test_cost_is_compared_over_answers_that_have_both_prices(demo: ModuleType) -> None:
    answers = [answer(demo, "m", decision) for decision in "abcd"]
    log = {
        "a": priced(0.01, 0.10),
        "b": priced(0.04, 0.10),
        "c": priced(None, 0.10),
        "d": priced(0.05, None),
    }

    figures = dict(demo.summary(answers, log))

    assert figures["cost, routed"] == "$0.0500"
    assert figures["cost, always:large"] == "$0.2000"
    assert figures["saved"] == "75.0%"
    assert figures["answers priced"] == "2 (2 unpriced)"


def test_nothing_priced_means_no_cost_instead_of_zero(demo: ModuleType) -> None:
    figures = dict(demo.summary([answer(demo, "m")], {"d": priced(None, None)}))

    assert not [name for name in figures if "cost" in name or "saved" in name]
    assert figures["answers priced"] == "0 (1 unpriced)"


def test_decision_time_is_median_and_nearest_rank_p95(demo: ModuleType) -> None:
    answers = [answer(demo, "m", overhead_ms=float(i)) for i in range(1, 101)]
    slow = answer(demo, "", overhead_ms=999.0, failure="500")

    figures = dict(demo.summary([*answers, slow], {}))

    assert figures["decision time"] == "median 50.5, p95 95.0 ms"
    assert figures["requests"] == "101 (1 failed)"


def test_a_run_without_any_answer_still_has_a_summary(demo: ModuleType) -> None:
    rows = demo.summary([answer(demo, "", failure="500")], {})

    assert rows == [["requests", "1 (1 failed)"], ["answers priced", "0 (0 unpriced)"]]


def test_an_answer_that_the_log_does_not_know_is_a_failure(demo: ModuleType) -> None:
    answers = [answer(demo, "m", "a"), answer(demo, "m", "b"), answer(demo, "", failure="500: x")]

    assert demo.failures(answers, {"a": {}}) == ["x: not in the decision log", "x: 500: x"]


@pytest.mark.parametrize("overhead", [None, "fast"])
def test_a_header_missing_or_unreadable_is_a_failure(
    demo: ModuleType, overhead: str | None
) -> None:
    headers = {"x-slm-router-model": "m", "x-slm-router-decision": "d"}
    if overhead:
        headers["x-slm-router-overhead-ms"] = overhead

    assert "header missing or not a number" in demo.read_headers(None, headers).failure
