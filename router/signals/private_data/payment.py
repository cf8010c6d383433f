"""Payment cards and bank accounts, by issuer range or country and by check digits."""

import re
from collections.abc import Iterator

from router.signals.private_data.deadline import Deadline

_CARD = re.compile(r"(?<![\d.,+])\d(?:[ -]?\d){11,18}(?!\d|[.,]\d)")
# Issuer ranges and lengths, from ISO/IEC 7812 as the networks publish them: Visa, Mastercard,
# American Express, Discover, Diners, JCB (old ones of 15 digits too), UnionPay, Maestro.
_ISSUED = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|6(?:011|22\d|4[4-9]\d|5\d\d)\d{12,15}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|35\d{14}|(?:2131|1800)\d{11}|62\d{14,17}|(?:50|5[6-9]|6\d)\d{13,17}"
)
_SHORT = re.compile(r"(?:50|5[6-9]|6\d)\d{10,12}|4\d{12}")
_SPEAKS_OF_CARDS = re.compile(
    r"\b(?:card|maestro|karte|carte|tarjeta|carta|cart[ãa]o)", re.IGNORECASE
)
_CONTEXT_CHARACTERS = 32
CARD_AFTER_DIGIT = r"(?:[ -]?\d){11}"
_DIGITS = re.compile(rf"\d(?:{CARD_AFTER_DIGIT})")
# It looks back from a digit: digits are rarer than letters, so most of a text is passed over.
IBAN_AFTER_DIGIT = r"(?<=[A-Za-z]{2}\d)(?<![A-Za-z0-9][A-Za-z]{2}\d)\d[ -]?[A-Za-z0-9]{4}"
_IBAN_START = re.compile(rf"\d(?:{IBAN_AFTER_DIGIT})")
_IBAN = re.compile(r"[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")


def may_hold_card(text: str) -> bool:
    """False when no card number can be there."""
    return _DIGITS.search(text) is not None


def find_cards(text: str, deadline: Deadline) -> Iterator[tuple[int, int]]:
    """Card numbers, plain or in groups, of a known issuer and with a right Luhn digit."""
    from stdnum import luhn

    for match in deadline.over(_CARD.finditer(text)):
        digits = match[0].replace(" ", "").replace("-", "")
        before = text[max(0, match.start() - _CONTEXT_CHARACTERS) : match.start()]
        if _is_issued(digits, before) and len(set(digits)) > 1 and luhn.is_valid(digits):
            yield match.span()


def _is_issued(digits: str, before: str) -> bool:
    if _ISSUED.fullmatch(digits) is not None:
        return True
    # Twelve to fourteen digits may be anything that is counted: only where cards are spoken of.
    short = _SHORT.fullmatch(digits) is not None
    return short and _SPEAKS_OF_CARDS.search(before) is not None


def may_hold_iban(text: str) -> bool:
    """False when no bank account number can be there."""
    return _IBAN_START.search(text) is not None


def find_ibans(text: str, deadline: Deadline) -> Iterator[tuple[int, int]]:
    """IBANs with the length of their country and right check digits, plain or in groups."""
    for start in deadline.over(_IBAN_START.finditer(text)):
        match = _IBAN.match(text, start.start() - 2)
        if match is not None and (length := _iban_length(match[0])):
            yield match.start(), match.start() + length


def _iban_length(text: str) -> int:
    """How much of `text` is an IBAN; 0 if it begins with none. Words may follow in one line."""
    from stdnum import iban

    end = len(text)
    while end >= 15:
        if iban.is_valid(text[:end], check_country=False):
            return end
        cut = max(text.rfind(" ", 0, end), text.rfind("-", 0, end))
        end = cut if cut >= 0 else 0
    return 0
