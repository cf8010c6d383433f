"""Telephone numbers, as phonenumbers knows them (Google's libphonenumber metadata, offline).

A number with a country code must be valid for its country. One without must be written in groups
and be valid in one of REGIONS, or stand after a word such as "phone" or "call", where its shape is
enough: people give extensions, local numbers and old ones.
"""

import re
from collections.abc import Iterator

from router.signals.private_data.deadline import Deadline

REGIONS = (
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "CH", "AT", "PL", "PT", "SE", "NO", "DK", "FI",
    "IE", "CZ", "HU", "GR", "BR", "MX", "IN", "AU", "ZA", "JP", "KR", "CN",
)  # fmt: skip
"""Countries whose national way of writing numbers is looked for, the likeliest first."""

_CONTEXT_CHARACTERS = 32
_CANDIDATE = re.compile(
    r"(?<![\w.:/$€£#-])(?<!\d,)(?P<plus>\+|00(?=[1-9]))?\(?\d(?:[ ./()-]{0,3}\d){6,14}"
    r"(?P<extension> ?(?:x|ext\.?) ?\d{1,6})?(?![\w%°]|[.,:/]\d)"
)
_SPOKEN_OF = re.compile(
    r"(?<![^\W_])(?:phones?|tele(?:phone)?s?|tel|cell ?phone|mobile|mobil|fax|call|callback|dial"
    r"|ring me|text me|sms|whatsapp|answering|reach me|desk:|office:|contact me|my number is"
    r"|messages to|rufnummer|handy|anrufen|telefon\w{0,6}|téléphone|portable|appele[rz]|teléfono"
    r"|móvil|celular|llama\w{0,4}|telefono|cellulare|chiama\w{0,4}|telefone|ligue|ligar|telefoon"
    r"|puh\.?)(?![^\W_])|电话|手机|電話|携帯|전화",
    re.IGNORECASE,
)
_NAMED_AFTER = re.compile(r"[ -]{0,2}(?:office|desk|mobile|cell|fax)\b", re.IGNORECASE)
AFTER_DIGIT = r"(?:[ ./()-]{0,3}\d){6}"
_DIGITS = re.compile(rf"\d(?:{AFTER_DIGIT})")
# What is written in groups of digits and is no telephone number: dates, spans of years, amounts,
# decimals, and two groups of four: two years more often than a number of Singapore.
_OTHER = re.compile(
    r"\(?(?:(?:19|20)\d\d([-/. ]{1,3})\d{1,2}\1\d{1,2}|\d{1,2}([-/. ]{1,3})\d{1,2}\2(?:19|20)\d\d)"
    r"|\(?\d{4} ?[-/ ] ?\(?\d{4}$|\(?\d{1,3}(?:\.\d{3})+$|\(?\d{1,3}(?: \d{3})+$|\(?\d+\.\d+$"
)
_SPACED = {(3, 3, 3), (3, 3, 4), (3, 2, 2, 2), (2, 4, 4), (3, 4, 4)}
# So distinct a form that numbers nobody has ("555") are taken too.
_NORTH_AMERICAN = re.compile(
    r"(?:(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]|\+1 ?\(?\d{3}\)? \d{3}[ -])\d{4}(?!\d)"
)
_LEAST_UNTOLD_DIGITS = 9
_GROUP = re.compile(r"\d+")
_SEPARATOR = re.compile(r"(?<=\d)[ ./-]+(?=\d)")


def may_hold(text: str) -> bool:
    """False when no telephone number can be there."""
    return _DIGITS.search(text) is not None


def find(text: str, deadline: Deadline) -> Iterator[tuple[int, int]]:
    """Telephone numbers with and without country code."""
    for match in deadline.over(_CANDIDATE.finditer(text)):
        before = text[max(0, match.start() - _CONTEXT_CHARACTERS) : match.start()]
        told = _SPOKEN_OF.search(before) or _NAMED_AFTER.match(text, match.end())
        if _is_phone(match, before, told is not None):
            yield match.span()


def _is_phone(match: "re.Match[str]", before: str, told: bool) -> bool:
    number = match[0]
    in_groups = not number.isdigit()
    if (match["plus"] and _valid(number, None)) or _NORTH_AMERICAN.match(number):
        return True
    if told:
        return in_groups or _valid_somewhere(number)
    book = "ISBN" in before or "ISSN" in before
    return in_groups and not book and _is_well_grouped(number) and _valid_somewhere(number)


def _is_well_grouped(number: str) -> bool:
    """Whether untold groups of digits look like a telephone number and not like a row of a table.

    Nine digits or more, in two to five groups of two or more, with one way of separating them;
    where that is a space and no leading zero or bracket helps, in groups as numbers have them.
    """
    groups = _GROUP.findall(number)
    between = set(_SEPARATOR.findall(number))
    if between == {" "} and number[0] not in "(0+":
        return tuple(map(len, groups)) in _SPACED
    return (
        _OTHER.match(number) is None
        and 2 <= len(groups) <= 5
        and all(len(group) >= 2 for group in groups[1:])
        and len(between) == 1
        and sum(map(len, groups)) >= _LEAST_UNTOLD_DIGITS
    )


def _valid_somewhere(number: str) -> bool:
    return any(_valid(number, region) for region in REGIONS)


def _valid(number: str, region: str | None) -> bool:
    import phonenumbers

    if number.startswith("00") and region is None:
        number = "+" + number.lstrip("0")
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False
