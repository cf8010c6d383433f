"""Certificates: what they say, and when they are not to be relied on."""

from typing import Any

import pytest
from pydantic import ValidationError

from router.core.certificate import Certificate

GIVEN: dict[str, Any] = {
    "target": "quality >= 0.97 of large",
    "bound": 0.97,
    "observed": 0.984,
    "confidence": 0.95,
    "n": 1200,
    "method": "Learn then Test",
    "scope": "policy",
    "rule": "default",
    "key": "min_quality",
    "value": 0.7,
    "date": "2026-11-21",
    "policy": "1a2b3c4d",
    "artifact": "0123456789ab",
    "data": "0123456789abcdef",
}
CERTIFICATE = Certificate(**GIVEN)


def test_it_says_what_was_promised_and_how_surely() -> None:
    said = "quality >= 0.97 of large with 0.95 confidence (observed 0.984, n=1200, 2026-11-21)"
    assert str(CERTIFICATE) == said


def test_where_all_is_as_it_was_nothing_speaks_against_it() -> None:
    assert list(CERTIFICATE.doubts("1a2b3c4d", "0123456789ab")) == []


def test_another_policy_and_another_classifier_are_told_apart() -> None:
    (policy,) = CERTIFICATE.doubts("ffffffff", "0123456789ab")
    (artifact,) = CERTIFICATE.doubts("1a2b3c4d", None)

    assert "policy or catalog" in policy and "1a2b3c4d" in policy
    assert "classifier in force (none)" in artifact and "0123456789ab" in artifact
    assert len(list(CERTIFICATE.doubts("ffffffff", "ffffffff"))) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"confidence": 0.5},
        {"confidence": 1.0},
        {"n": 0},
        {"value": 1.5},
        {"date": "21.11.2026"},
        {"policy": "not a hash"},
        {"scope": "everything"},
        {"key": "temperature"},
        {"target": ""},
        {"bound": float("nan")},
        {"remark": "hello"},
    ],
    ids=str,
)
def test_what_no_calibration_writes_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Certificate(**{**GIVEN, **wrong})
