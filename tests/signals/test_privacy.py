"""Private data in a request: counted by type, never shown."""

import pytest
from pydantic import ValidationError

from router.core.request import RoutedRequest, Turn
from router.signals import privacy
from router.signals.privacy import PrivacyOptions, PrivacySignal, vocabulary
from router.signals.private_data import TooMuchToRead
from tests.signals.requests import asking, conversation

signal = PrivacySignal(PrivacyOptions())


async def test_a_clean_request_has_every_count_at_zero() -> None:
    counts = await signal.extract(asking("What is the capital of France?"))
    assert counts.pop("pii") is False  # type: ignore[attr-defined]
    assert set(counts.values()) == {0}
    assert len(counts) == 7


async def test_each_type_is_counted_and_summed() -> None:
    text = "Write to jane@doe.org or john@doe.org, card 4111 1111 1111 1111, SSN 536-90-4399."
    counts = await signal.extract(asking(text))
    told = {name: value for name, value in counts.items() if value}
    assert told == {
        "pii": True,
        "pii_count": 4,
        "pii.email": 2,
        "pii.card": 1,
        "pii.national_id": 1,
    }


@pytest.mark.parametrize("role", ["system", "assistant", "tool"])
async def test_private_data_of_an_earlier_turn_of_any_role_counts(role: str) -> None:
    question = "Please write a friendly birthday greeting for my colleague who turns fifty today."
    request = conversation((role, "jane@doe.org"), ("user", "Hm."), ("user", question))
    assert (await signal.extract(request))["pii"] is True


async def test_private_data_in_tool_definitions_counts() -> None:
    request = RoutedRequest(
        model="auto", turns=(Turn("user", "Hi"),), attached='{"default": "jane@doe.org"}'
    )
    assert (await signal.extract(request))["pii.email"] == 1


async def test_private_data_at_the_end_of_a_long_conversation_counts() -> None:
    counts = await signal.extract(asking("Nothing to see here. " * 20_000 + "jane@doe.org"))
    assert counts["pii_count"] == 1


async def test_a_text_too_long_to_look_through_leaves_the_signal_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(privacy, "LONGEST_SECONDS", -1.0)
    with pytest.raises(TooMuchToRead):
        await signal.extract(asking("0494 92 82 32 " * 10))


async def test_only_the_types_asked_for_count() -> None:
    options = PrivacyOptions.model_validate({"types": ["card", "ip_address"]})
    counts = await PrivacySignal(options).extract(asking("jane@doe.org at 203.0.113.9"))
    assert counts == {"pii": True, "pii_count": 1, "pii.card": 0, "pii.ip_address": 1}
    assert "pii.email" not in vocabulary(options)


def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="'email', 'phone', 'card'"):
        PrivacyOptions.model_validate({"types": ["name"]})
    with pytest.raises(ValidationError, match="at least 1"):
        PrivacyOptions.model_validate({"types": []})


WIDE_CARD = "4111 1111 1111 1111".translate({48 + digit: 0xFF10 + digit for digit in range(10)})


@pytest.mark.parametrize(
    "text",
    [WIDE_CARD, "jane\u200b@doe\u00ad.org", "jane\uff20doe\uff0eorg"],
    ids=["full-width digits", "without width", "full-width signs"],
)
async def test_other_writings_of_the_same_signs_hide_nothing(text: str) -> None:
    facts = await PrivacySignal(PrivacyOptions()).extract(asking(text))

    assert facts["pii"] is True
