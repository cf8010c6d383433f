"""Glance: one cheap look over a text for every family of private data at once.

Nearly every text of nearly every request holds nothing, so what that costs is what privacy costs.
Rule: it may send a clean text to the finders, and never keeps one from them that they would find
something in.
"""

import re
from collections.abc import Collection

from router.signals.private_data import addresses, national_ids, payment, phones, secrets

_NUMBERS = {
    "iban": payment.IBAN_AFTER_DIGIT,
    "card": payment.CARD_AFTER_DIGIT,
    "national_id": national_ids.AFTER_DIGIT,
    "phone": phones.AFTER_DIGIT,
}
"""What must follow, or stand before, a digit of each kind of number."""

_SHAPES = (
    bytes(
        ord("0" if chr(byte).isdigit() else "a" if chr(byte).isalpha() else " ")
        for byte in range(128)
    )
    + b" " * 128
)
"""Of ASCII: every digit a 0, every letter an a, so that plain searches tell forms apart."""

_SEPARATORS = b" ./()-"


class Glance:
    """For some types of private data."""

    def __init__(self, types: Collection[str]) -> None:
        self._email, self._secret = "email" in types, "secret" in types
        self._ip_address = "ip_address" in types
        after = "|".join(form for name, form in _NUMBERS.items() if name in types)
        self._number = re.compile(rf"\d(?:{after})") if after else None

    def may_hold(self, text: str) -> bool:
        """False when the text holds none of them. Some 2 microseconds for 100 characters."""
        if self._email and "@" in text:
            return True
        # Half a surrogate pair is no character, and JSON lets it through.
        utf8, number = text.encode("utf-8", "surrogatepass"), self._number
        # Other scripts have digits of their own.
        has_digit = not text.isascii() or b"0" in utf8.translate(_SHAPES)
        return (
            (
                has_digit
                and number is not None
                and (not text.isascii() or _is_number_like(utf8))
                and number.search(text) is not None
            )
            or (self._secret and secrets.may_be_among(text, utf8, has_digit))
            or (self._ip_address and addresses.may_hold_ip(text))
        )


def _is_number_like(text: bytes) -> bool:
    """Whether six digits stand together but for separators, five letters before a digit, or two
    letters before two digits: no number is without one of these."""
    shape = text.translate(_SHAPES)
    return (
        b"aa00" in shape or b"aaaaa0" in shape or b"000000" in text.translate(_SHAPES, _SEPARATORS)
    )
