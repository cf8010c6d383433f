"""National identity, tax and social security numbers, as python-stdnum validates them.

A number whose form and check digits leave no doubt is taken anywhere. One that any tenth or
eleventh number of its length would pass for is taken only where its name stands shortly before.
"""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from router.signals.private_data.deadline import Deadline

_CONTEXT_CHARACTERS = 48


@dataclass(frozen=True, slots=True)
class _Kind:
    """`validator` is a module of stdnum, None where the form says it all.

    `named` is what must stand shortly before; None where the number speaks for itself.
    """

    form: "re.Pattern[str]"
    validator: str | None
    named: "re.Pattern[str] | None" = None


def _kind(form: str, validator: str | None = None, named: str | None = None) -> _Kind:
    word = (
        None if named is None else re.compile(rf"(?<![^\W_])(?:{named})(?![^\W_])", re.IGNORECASE)
    )
    return _Kind(re.compile(rf"(?<![\w.,-])(?:{form})(?![\w]|[.,-]\d)"), validator, word)


_TAX = r"tax (?:id|number|no)|tin|steuer-?(?:id|nummer|identifikationsnummer)|idnr|nif|cif"
_KINDS = (
    _kind(r"\d{3}-\d{2}-\d{4}", "us.ssn"),
    _kind(
        r"\d{3} ?\d{2} ?\d{4}",
        "us.ssn",
        r"ssn|social security(?: (?:number|no|card))?|sozialversicherung\w{0,8}",
    ),
    # HM Revenue & Customs, NIM39110: which letters occur, and which prefixes were never given.
    _kind(
        r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Za-ceghj-pr-tw-z][A-CEGHJ-NPR-TW-Za-ceghj-npr-tw-z]"
        r" ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]"
    ),
    _kind(r"\d{8}[ -]?[A-Za-z]", "es.dni"),
    _kind(r"[XYZxyz][ -]?\d{7}[ -]?[A-Za-z]", "es.nie"),
    _kind(r"[12] ?\d{2} ?[0-9]{2} ?(?:\d{2}|2[ABab]) ?\d{3} ?\d{3} ?\d{2}", "fr.nir"),
    _kind(
        r"[A-Za-z]{6}\d[\dA-Za-z][A-Za-z]\d[\dA-Za-z][A-Za-z]\d[\dA-Za-z]{2}[A-Za-z]",
        "it.codicefiscale",
    ),
    _kind(r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "de.idnr", _TAX),
    _kind(r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf"),
    _kind(r"\d{11}", "br.cpf", "cpf"),
    _kind(r"\d{4} \d{4} \d{4}", "in_.aadhaar"),
    _kind(r"\d{12}", "in_.aadhaar", "aadhaar|aadhar|uid|uidai"),
    _kind(r"[A-Za-z]{3}[PHph][A-Za-z]\d{4}[A-Za-z]", "in_.pan"),
    _kind(r"\d{4}\.?\d{2}\.?\d{3}|\d{9}", "nl.bsn", "bsn|burgerservicenummer|sofi-?nummer"),
    _kind(r"\d{11}", "pl.pesel", "pesel"),
    _kind(r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", "be.nn"),
    _kind(r"(?:\d{2})?\d{6}[-+]\d{4}", "se.personnummer"),
    _kind(r"\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Y]", "fi.hetu"),
    _kind(r"\d{6} ?\d{5}", "no.fodselsnummer", r"f[øo]dselsnummer|personnummer|fnr"),
    _kind(r"\d{6}-\d{4}", "dk.cpr", r"cpr(?:-?(?:nr|nummer|number))?"),
    _kind(r"756\.\d{4}\.\d{4}\.\d{2}", "ch.ssn"),
    _kind(r"\d{9}", "pt.nif", "nif|contribuinte"),
    _kind(r"\d{3}[ -]\d{3}[ -]\d{3}", "ca.sin", "sin|social insurance(?: (?:number|no))?"),
    _kind(r"\d{3} ?\d{3} ?\d{3}", "au.tfn", "tfn|tax file(?: (?:number|no))?"),
    _kind(r"\d{3} \d{3} \d{4}|\d{10}", "gb.nhs", r"nhs(?: (?:number|no))?"),
    _kind(r"\d{17}[\dXx]", "cn.ric"),
    _kind(r"\d{6}-\d{7}", "kr.rrn"),
    _kind(r"[A-Za-z]{4}\d{6}[HMhm][A-Za-z]{5}[0-9A-Za-z]\d", "mx.curp"),
    _kind(r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]", "cl.rut"),
    _kind(r"\d{13}", "za.idnr", r"(?:south african |sa )?id(?: (?:number|no))?"),
    _kind(r"\d{11}", "tr.tckimlik", r"t\.?c\.?(?: kimlik)?(?: (?:no|numaras\w))?|kimlik no"),
)
# Six digits in a row or in groups, or the letters that an Italian or Indian tax number begins with.
# They are rare, so thirty forms are looked for around them only.
AFTER_DIGIT = r"(?<=[A-Za-z]{5}\d)|(?:[ .-]?\d){5}"
_DIGITS = re.compile(rf"\d(?:{AFTER_DIGIT})")
_BEFORE, _AFTER = 12, 24
_WHITE = re.compile(r"\s|\Z")


def may_hold(text: str) -> bool:
    """False when no such number can be there."""
    return _DIGITS.search(text) is not None


def find(text: str, deadline: Deadline) -> Iterator[tuple[int, int]]:
    """Numbers of persons in some thirty countries."""
    places = deadline.over(_places(text))
    for start, end in places:
        for kind in _KINDS:
            for match in deadline.over(kind.form.finditer(text, start, end)):
                if _is_told(kind, text, match.start()) and _is_valid(kind, match[0]):
                    yield match.span()


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of text around digits, none overlapping; each ends at white space."""
    start = end = 0
    for match in _DIGITS.finditer(text):
        if match.start() - _BEFORE > end:
            if end:
                yield start, end
            start = match.start() - _BEFORE
        if match.end() + _AFTER > end:
            white = _WHITE.search(text, match.end() + _AFTER)
            end = len(text) if white is None else white.start()
    if end:
        yield start, end


def _is_told(kind: _Kind, text: str, start: int) -> bool:
    before = text[max(0, start - _CONTEXT_CHARACTERS) : start]
    return kind.named is None or kind.named.search(before) is not None


def _is_valid(kind: _Kind, number: str) -> bool:
    if kind.validator is None:
        return True
    # Thirty small modules, each loaded when its form has been seen.
    try:
        return bool(importlib.import_module(f"stdnum.{kind.validator}").is_valid(number))
    except KeyError:
        # The Chinese one, for a birth place that its own table leaves unfinished: nobody's number.
        return False
