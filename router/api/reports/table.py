"""Table: which of a report's tables goes out as CSV, where it has several."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request

from router.api.reports.asked import one_of
from router.api.reports.told import Told

Rows = Sequence[Mapping[str, Any]]

FIGURES = ("name", "state", "value", "low", "high", "unit", "basis", "n", "needed", "sentence")


class Table(NamedTuple):
    """Columns, in order, and rows."""

    columns: Sequence[str]
    rows: Rows


def told_with(request: Request, content: Mapping[str, Any], tables: Mapping[str, Table]) -> Told:
    """The report; the query's `table` is the one for CSV, the first by default."""
    chosen = tables[one_of(request, "table", tuple(tables), next(iter(tables)))]
    return Told(content, chosen.columns, chosen.rows)
