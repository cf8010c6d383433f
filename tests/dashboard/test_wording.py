"""Policies in plain words: what a rule waits for, where it sends what, and what is judged."""

from typing import Any

import pytest

from router.api.reports.wording import condition, in_words, judging
from router.core.judging import Judging
from tests.core.made import policy, rule, when


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"signal": "pii", "is": True}, "pii is true"),
        ({"signal": "task", "in": ["code", "maths"]}, "task is one of code, maths"),
        (
            {"any": [{"signal": "a", "above": 1.0}, {"signal": "b", "is_not": "x"}]},
            "a is above 1 or b is not x",
        ),
        (
            {"all": [{"signal": "a", "is": True}], "none": [{"signal": "b", "below": 0.5}]},
            "a is true and not (b is below 0.5)",
        ),
        (
            {
                "all": [{"signal": "a", "is": True}],
                "any": [{"signal": "b", "is": True}, {"signal": "c", "is": True}],
            },
            "a is true and (b is true or c is true)",
        ),
    ],
)
def test_conditions_read_as_sentences(data: Any, words: str) -> None:
    assert condition(when(data)) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"limits": {"local_only": True}}, "; only local models"),
        ({"limits": {"max_cost_usd": 0.01}}, "at most $0.01 expected"),
        ({"candidates": ["one", "two"]}, "among one, two"),
        ({"candidates": {"location": "local", "without": ["tiny"]}}, "local models but not tiny"),
        ({"strategy": {"kind": "weighted", "quality": 1.0, "cost": 0.5}}, "0.5 times cheapness"),
        ({"strategy": {"kind": "threshold", "complexity": 0.4}}, "below a complexity of 0.4"),
        ({"prefer_specialists": True}, "specialists first"),
    ],
)
def test_routes_read_as_sentences(fields: dict[str, Any], words: str) -> None:
    told = in_words(policy(rule("one", {"signal": "pii", "is": True}, **fields)))

    assert words in told[0]["then"]
    assert told[-1]["rule"] == "default"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, None),
        ({"share": 0.0}, None),
        ({"share": 0.125}, "12.5 % of routed answers are judged by m"),
        (
            {"share": 0.05, "shadow": 0.01, "usd_per_day": 1.5},
            "5 % of routed answers are judged by m, and for 1 % of routed requests the baseline is"
            " asked too, unseen, for at most $1.5 a day and process",
        ),
    ],
)
def test_judging_reads_as_a_sentence(given: dict[str, Any] | None, words: str | None) -> None:
    made = None if given is None else Judging.model_validate({"model": "m", **given})

    assert judging(made) == words
