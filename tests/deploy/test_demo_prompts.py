"""The demo's prompts: the file's promises in `deploy/demo/README.md`, counted."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

PROMPTS = Path(__file__).parents[2] / "deploy" / "demo" / "prompts.jsonl"
DOMAINS = {
    *("biology", "business", "chemistry", "computer science", "economics", "engineering"),
    *("health", "history", "law", "math", "other", "philosophy", "physics", "psychology"),
}
TASKS = {
    *("chat", "question_answering", "reasoning", "maths", "code", "summarising", "rewriting"),
    *("translation", "extraction", "classification", "creative_writing", "planning"),
}
LANGUAGES = {"en", "de", "fr", "es", "zh", "ru"}
PRIVATE = re.compile(
    r"[\w.-]+@example\.(com|org|net)|\b4111 1111|\b(DE|GB|ES)\d\d [A-Z0-9]{4} |sk-test-"
    r"|\+44 7700 900|\b07700 900|\b020 7946|\b01 99 00|\b030 23125"
)

Row = dict[str, Any]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Every line of the file."""
    return [json.loads(line) for line in PROMPTS.read_text(encoding="utf-8").splitlines()]


def text(row: Row) -> str:
    """All that was said in a row's conversation."""
    return "\n".join(message["content"] for message in row["messages"])


def test_there_are_300_prompts_numbered_in_order(rows: list[Row]) -> None:
    assert [f"d{i:03d}" for i in range(1, 301)] == [row["id"] for row in rows]


def test_every_label_is_one_of_the_listed_words(rows: list[Row]) -> None:
    assert {row["domain"] for row in rows} == DOMAINS
    assert {row["task"] for row in rows} == TASKS
    assert {row["language"] for row in rows} == LANGUAGES
    assert {row["difficulty"] for row in rows} == {"easy", "medium", "hard"}


def test_a_line_carries_nothing_but_labels_and_the_request_body(rows: list[Row]) -> None:
    required = {"id", "domain", "task", "language", "difficulty", "messages"}
    for row in rows:
        assert required <= set(row) <= required | {"tools", "response_format"}, row["id"]


def test_a_conversation_alternates_and_ends_with_the_user(rows: list[Row]) -> None:
    for row in rows:
        roles = [message["role"] for message in row["messages"]]
        spoken = roles[1:] if roles[0] == "system" else roles
        expected = ["user" if i % 2 == 0 else "assistant" for i in range(len(spoken))]
        assert (spoken, spoken[-1]) == (expected, "user"), row["id"]


def test_no_message_is_empty_or_padded(rows: list[Row]) -> None:
    for row in rows:
        for message in row["messages"]:
            assert set(message) == {"role", "content"}
            assert message["content"] == message["content"].strip() != "", row["id"]


def test_no_two_prompts_are_the_same_but_for_case_and_spacing(rows: list[Row]) -> None:
    seen = Counter(re.sub(r"\W+", " ", text(row)).strip().casefold() for row in rows)
    assert [said for said, times in seen.items() if times > 1] == []


def test_the_opening_words_are_not_a_template(rows: list[Row]) -> None:
    openings = Counter(tuple(row["messages"][-1]["content"].split()[:4]) for row in rows)
    assert max(openings.values()) <= 3, openings.most_common(3)


@pytest.mark.parametrize(("label", "least"), [("domain", 10), ("task", 15), ("language", 20)])
def test_every_domain_task_and_language_occurs_often_enough(
    rows: list[Row], label: str, least: int
) -> None:
    found = Counter(row[label] for row in rows)
    assert min(found.values()) >= least, found


def test_difficulty_is_spread_as_promised(rows: list[Row]) -> None:
    found = Counter(row["difficulty"] for row in rows)
    assert found["easy"] == pytest.approx(0.45 * 300, abs=10)
    assert found["medium"] == pytest.approx(0.30 * 300, abs=10)
    assert found["hard"] == pytest.approx(0.25 * 300, abs=10)


def test_every_language_has_easy_and_hard_prompts(rows: list[Row]) -> None:
    found = Counter((row["language"], row["difficulty"]) for row in rows)
    assert all(found[language, level] >= 4 for language in LANGUAGES for level in ("easy", "hard"))


def test_special_shapes_occur_often_enough(rows: list[Row]) -> None:
    assert sum(any(m["role"] == "assistant" for m in row["messages"]) for row in rows) >= 25
    assert sum(row["messages"][0]["role"] == "system" for row in rows) >= 10
    assert sum(bool(PRIVATE.search(text(row))) for row in rows) >= 10
    assert sum(len(text(row).split()) >= 300 for row in rows) >= 8
    assert sum("```" in text(row) for row in rows) >= 12
    assert sum("tools" in row for row in rows) >= 6
    assert sum("response_format" in row for row in rows) >= 6


def test_short_follow_ups_come_after_hard_and_after_easy_conversations(rows: list[Row]) -> None:
    short = [r for r in rows if len(r["messages"]) > 1 and len(r["messages"][-1]["content"]) < 30]
    found = Counter(row["difficulty"] for row in short)
    assert found["hard"] >= 5
    assert found["easy"] >= 5


def test_mail_addresses_are_on_reserved_domains(rows: list[Row]) -> None:
    found = [a for row in rows for a in re.findall(r"[\w.-]+@[\w-]+(?:\.\w+)+", text(row))]
    assert [a for a in found if not re.search(r"@example\.(com|org|net)$", a)] == []


def test_tools_and_formats_have_the_form_that_the_api_takes(rows: list[Row]) -> None:
    for tool in (tool for row in rows for tool in row.get("tools", [])):
        assert tool["type"] == "function"
        assert {"name", "description", "parameters"} == set(tool["function"])
    for answer_format in (row["response_format"] for row in rows if "response_format" in row):
        schema = answer_format["json_schema"]["schema"]
        assert answer_format["type"] == "json_schema"
        assert set(schema["required"]) == set(schema["properties"])
