"""What the reports' addresses take, for the OpenAPI document."""

from collections.abc import Mapping, Sequence
from typing import Any

from router.api.reports.asked import MOST_CHARACTERS
from router.api.reports.decisions import OUTCOMES
from router.api.reports.told import FORMATS
from router.core.browsing import MOST_ON_A_PAGE

Parameter = Mapping[str, Any]

_TEXT = {"type": "string", "maxLength": MOST_CHARACTERS}


def _in_query(name: str, meaning: str, schema: Mapping[str, Any] = _TEXT) -> Parameter:
    return {"name": name, "in": "query", "description": meaning, "schema": schema}


_FORMAT = _in_query("format", "json (default), or the table as csv", {"enum": list(FORMATS)})
_WHEN = "an age such as 30m, 1h or 7d, or a time in ISO 8601 or Unix seconds"
_SINCE = _in_query("since", f"not before: {_WHEN}")

PARAMETERS: Mapping[str, Sequence[Parameter]] = {
    "/api/v1/decisions": (
        _in_query("q", "text in the id, a model's name, the rule or the reason"),
        _SINCE,
        _in_query("until", f"before: {_WHEN}"),
        *(_in_query(name, "exactly this") for name in ("policy", "rule", "model", "key")),
        _in_query("endpoint", "exactly this, such as chat.completions"),
        _in_query("outcome", "exactly this", {"enum": list(OUTCOMES)}),
        _in_query("min_cost_usd", "US dollars or more", {"type": "number", "minimum": 0}),
        _in_query("before", "`next` of the page before"),
        _in_query("limit", "rows", {"type": "integer", "minimum": 1, "maximum": MOST_ON_A_PAGE}),
        _FORMAT,
    ),
    "/api/v1/decisions/{id}": (_FORMAT,),
    "/api/v1/models": (_SINCE, _FORMAT),
    "/api/v1/setup": (_FORMAT,),
}
"""Path -> its query's parameters; those whose path takes `format` also answer as CSV."""

TABLES = frozenset(path for path, taken in PARAMETERS.items() if _FORMAT in taken)
