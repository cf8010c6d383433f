"""The glance lets clean texts pass, and never one that a finder would find something in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.signals.privacy import PrivacyOptions
from router.signals.private_data import (
    TYPES,
    Glance,
    addresses,
    find,
    national_ids,
    payment,
    phones,
    secrets,
)
from tests.signals.private_data.test_find import NATIONAL_IDS, PHONES, SECRETS

ALL = Glance(TYPES)
LOOKS = {
    "secret": secrets.may_hold,
    "email": addresses.may_hold_email,
    "iban": payment.may_hold_iban,
    "ip_address": addresses.may_hold_ip,
    "card": payment.may_hold_card,
    "national_id": national_ids.may_hold,
    "phone": phones.may_hold,
}
PROSE = (
    "What is the capital of France, and why?",
    "Explain the difference between a list and a tuple in two sentences (for children).",
    "In 1969, 3 people flew; 12 had trained: who were they?",
    "Schreib mir höflich ab, ohne dass es nach einer Ausrede klingt.",
)
OTHERS = (
    "DE89370400440532013000", "4111 1111 1111 1111", "jane@doe.org", "203.0.113.9",
    "eyJhbGciOi.eyJzdWIiOi.", "\u0661\u0662\u0663 \u0664\u0665\u0666 \u0667\u0668",
)  # fmt: skip
PATTERNS = (secrets._PRIVATE_KEY, secrets._IN_ADDRESS, secrets._ASSIGNED, secrets._BEARER)


def agrees(text: str) -> None:
    """What a finder finds the glance has seen, and it sees no more than the families' own looks."""
    for name in {span.type for span in find(text)}:
        assert ALL.may_hold(text)
        assert Glance({name}).may_hold(text)
    for name, may_hold in LOOKS.items():
        assert may_hold(text) or not Glance({name}).may_hold(text)


def test_there_is_a_look_for_every_type() -> None:
    assert set(LOOKS) == set(TYPES)


@pytest.mark.parametrize("text", PROSE)
def test_prose_passes(text: str) -> None:
    assert not Glance(PrivacyOptions().types).may_hold(text)


@pytest.mark.parametrize("value", [*SECRETS, *NATIONAL_IDS, *PHONES, *OTHERS])
def test_every_specimen_is_seen_alone_and_amid_prose(value: str) -> None:
    agrees(value)
    agrees(f"{PROSE[0]} {value} {PROSE[3]}")


@settings(max_examples=300)
@given(st.sampled_from(secrets._FORMS).flatmap(st.from_regex), st.sampled_from(PROSE))
def test_every_token_of_every_makers_form_is_seen(token: str, prose: str) -> None:
    agrees(f"{prose} {token}")


@given(st.sampled_from(PATTERNS).flatmap(st.from_regex))
def test_every_other_secret_is_seen(text: str) -> None:
    agrees(text)


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from([*"0123456789 +-().@:/ab=E\n\u0665\u00e9\ud800", "AB", "key", *OTHERS]),
        max_size=60,
    ).map("".join)
)
def test_whatever_the_text_the_glance_and_the_finders_agree(text: str) -> None:
    agrees(text)
