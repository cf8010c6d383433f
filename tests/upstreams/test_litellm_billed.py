"""What Cohere bills stands in place of what it counts, where its answer tells that."""

import json
from typing import Any

import pytest

from router.upstreams.litellm_billed import as_billed

TOLD = {"id": "c", "usage": {"prompt_tokens": 496, "completion_tokens": 11, "total_tokens": 507}}


def test_billed_units_stand_for_the_tokens() -> None:
    units = {"billed_units": {"input_tokens": 1.0, "output_tokens": 9}, "tokens": {}}
    assert as_billed(TOLD, json.dumps({"usage": units}).encode()) == {
        "id": "c",
        "usage": {"prompt_tokens": 1, "completion_tokens": 9, "total_tokens": 10},
    }


ODD = (
    b"",
    b"[]",
    b"{}",
    b'{"usage": null}',
    b'{"usage": {"tokens": {"input_tokens": 7}}}',
    b'{"usage": {"billed_units": null}}',
    b'{"usage": {"billed_units": {"input_tokens": "1"}}}',
)


@pytest.mark.parametrize("answer", ODD)
def test_where_nothing_is_told_of_it_the_tokens_stay(answer: bytes) -> None:
    told: dict[str, Any] = dict(TOLD)
    assert as_billed(told, answer) == TOLD
