"""Durations carry their unit."""

import pytest
from pydantic import TypeAdapter, ValidationError

from router.core.units import Duration, seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("500ms", 0.5), ("30s", 30.0), ("1.5s", 1.5), ("2m", 120.0), ("1h", 3600.0)],
)
def test_a_duration_is_read_in_seconds(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "wrong", ["30", 30, 0.5, "s", "-1s", "1 s", "1d", "1m30s", "", None, True, ["1s"], "1s\n"]
)
def test_what_could_be_misread_is_refused_with_the_form_expected(wrong: object) -> None:
    with pytest.raises(ValueError, match="such as 500ms, 30s or 2m"):
        seconds(wrong)


@pytest.mark.parametrize("text", ["0s", "0.0ms"])
def test_no_time_at_all_is_no_duration(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(text)


def test_a_duration_is_a_text_to_editors() -> None:
    schema = TypeAdapter(Duration).json_schema()

    assert schema["type"] == "string"
    assert schema["pattern"] == r"^\d+(\.\d+)?(ms|s|m|h)$"
