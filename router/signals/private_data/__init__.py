"""Private data in a text: what kind, and where. The text itself is never kept or handed on.

One file per family; each has a cheap look (`may_hold`) and a finder, and one look for them all
(`Glance`) lets most texts pass. Long texts are read in pieces, so that no step keeps other threads
waiting, and under a deadline: what was not looked at is never reported as clean. Validity is the
business of kept libraries that work offline: phonenumbers (Google's metadata) and python-stdnum
(check digits).
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from router.signals.private_data import addresses, national_ids, payment, phones, secrets
from router.signals.private_data.deadline import Deadline, TooMuchToRead
from router.signals.private_data.glance import Glance

__all__ = ["LONGEST_SECONDS", "TYPES", "Deadline", "Glance", "Span", "TooMuchToRead", "find"]

Finder = Callable[[str, Deadline], Iterable[tuple[int, int]]]

LONGEST_SECONDS = 0.5
"""For one text. A megabyte of prose takes 0.1 s, one of nothing but digits more than this."""

_DIGIT = re.compile(r"\d")

PIECE_CHARACTERS = 50_000
_BEFORE = 100
"""Characters in front of a piece: every finder looks back less far."""

_AFTER = 16_000
"""Characters behind a piece: no piece of private data is longer."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where in a text a piece of private data stands: `text[start:end]` in characters."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Family:
    may_hold: Callable[[str], bool]
    find: Finder
    digits: bool = False  # whether nothing of it is without one


_FAMILIES: Mapping[str, _Family] = {
    "secret": _Family(secrets.may_hold, secrets.find),
    "email": _Family(addresses.may_hold_email, addresses.find_emails),
    "iban": _Family(payment.may_hold_iban, payment.find_ibans, digits=True),
    "ip_address": _Family(addresses.may_hold_ip, addresses.find_ips),
    "card": _Family(payment.may_hold_card, payment.find_cards, digits=True),
    "national_id": _Family(national_ids.may_hold, national_ids.find, digits=True),
    "phone": _Family(phones.may_hold, phones.find, digits=True),
}
"""The surest first: what an earlier family has claimed is not claimed again by a later one."""

TYPES = tuple(_FAMILIES)


def find(text: str, types: Collection[str] = TYPES, deadline: Deadline | None = None) -> list[Span]:
    """Every piece of private data of these types, in order of place; pieces do not overlap.

    Raises TooMuchToRead after `deadline`, which is LONGEST_SECONDS from now by default.
    """
    deadline = deadline or Deadline(LONGEST_SECONDS)
    found: list[Span] = []
    for start in range(0, len(text), PIECE_CHARACTERS):
        deadline.check()
        shift = max(0, start - _BEFORE)
        piece = text[shift : start + PIECE_CHARACTERS + _AFTER]
        for span in _found_in(piece, types, deadline):
            place = span.start + shift
            after_last = not found or place >= found[-1].end
            if start <= place < start + PIECE_CHARACTERS and after_last:
                found.append(Span(span.type, place, span.end + shift))
    return found


def _found_in(text: str, types: Collection[str], deadline: Deadline) -> list[Span]:
    found: list[Span] = []
    for name, family in _families(text, types):
        if family.may_hold(text):
            found += _unclaimed(name, family.find(text, deadline), found)
    return sorted(found, key=lambda span: span.start)


def _families(text: str, types: Collection[str]) -> list[tuple[str, _Family]]:
    """Those of the families asked for that the digits of the text, or their lack, leave."""
    has_digits = _DIGIT.search(text) is not None
    return [
        (name, family)
        for name, family in _FAMILIES.items()
        if name in types and (has_digits or not family.digits)
    ]


def _unclaimed(name: str, places: Iterable[tuple[int, int]], found: list[Span]) -> Iterator[Span]:
    # Both lists may be long in a hostile text: a set of claimed places keeps this linear.
    claimed = {place for span in found for place in range(span.start, span.end)}
    last = 0
    for start, end in sorted(places):
        if start >= last and claimed.isdisjoint((start, end - 1, (start + end) // 2)):
            yield Span(name, start, end)
            last = end
