"""Told: what a report says, and how it goes out: as JSON, or its table as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.asked import one_of

FORMATS = ("json", "csv")
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Told:
    """A report. `content` is all of it; `rows` is its table, whose columns are `columns`."""

    content: Mapping[str, Any]
    columns: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = ()


def answered(request: Request, told: Told) -> Response:
    """The report in the format that the query asks for. Raises InvalidRequest for another."""
    if one_of(request, "format", FORMATS, "json") == "csv":
        return Response(as_csv(told), 200, HEADERS, "text/csv")
    return Response(msgspec.json.encode(told.content), 200, HEADERS, "application/json")


def as_csv(told: Told) -> str:
    """The table; an unknown value is an empty cell, never a 0."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(told.columns)
    for row in told.rows:
        writer.writerow([_cell(row.get(column)) for column in told.columns])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    if isinstance(value, str) and value.startswith(_FORMULA):
        # Spreadsheets would run it: a caller's own words get this far.
        return f"'{value}"
    return "" if value is None else value
