"""Labels and spans: accuracy, confusion, recall by type, false alarms."""

from __future__ import annotations

import json

from classifiers.labels import covered, evaluate_labels, evaluate_spans


def test_confusion_counts_the_truth_by_the_guess() -> None:
    found = evaluate_labels("task", "made", ["a", "a", "b", "a"], ["a", "b", "b", "c"], rounds=20)

    assert found.classes == ["a", "b", "c"]
    assert found.confusion == [[1, 1, 1], [0, 1, 0], [0, 0, 0]]
    assert (found.accuracy.value, found.majority, found.n) == (0.5, 0.75, 4)
    assert found.accuracy.low <= 0.5 <= found.accuracy.high


def test_a_span_is_found_when_half_of_it_is_covered() -> None:
    assert covered((0, 10), [(5, 20)])
    assert covered((0, 10), [(0, 3), (8, 10)])
    assert not covered((0, 10), [(6, 20)])
    assert not covered((0, 10), [])


def test_recall_is_told_by_type_and_false_alarms_by_text() -> None:
    rows = [
        {"text": "mail a@b.c", "spans": json.dumps([[5, 10, "EMAIL"], [0, 4, "VERB"]])},
        {"text": "none here", "spans": json.dumps([[0, 4, "EMAIL"]])},
    ]

    found = evaluate_spans(
        rows,
        ["clean", "a@b", "too", "fine"],
        lambda text: [(text.index("a@b"), len(text))] if "a@b" in text else [],
        {"EMAIL": "email"},
        rounds=20,
    )

    assert found.recall["email"].value == 0.5 and found.recall["email"].n == 2
    assert found.false_alarms.value == 0.25
    assert found.notes == ["Not looked for: VERB (1)"]
