"""What the reports' addresses take, for the OpenAPI document."""

from collections.abc import Mapping, Sequence
from typing import Any

from router.api.reports.asked import MOST_CHARACTERS
from router.api.reports.decisions import OUTCOMES
from router.api.reports.narrowing import FILTERS
from router.api.reports.overview import TABLES as OVERVIEW_TABLES
from router.api.reports.period import TRAFFIC
from router.api.reports.quality import TABLES as QUALITY_TABLES
from router.api.reports.savings import BY, SORTS
from router.api.reports.savings import TABLES as SAVINGS_TABLES
from router.api.reports.told import FORMATS
from router.core.browsing import MOST_ON_A_PAGE
from router.core.feedback import SOURCES

Parameter = Mapping[str, Any]

_TEXT = {"type": "string", "maxLength": MOST_CHARACTERS}


def _in_query(name: str, meaning: str, schema: Mapping[str, Any] = _TEXT) -> Parameter:
    return {"name": name, "in": "query", "description": meaning, "schema": schema}


_FORMAT = _in_query("format", "json (default), or the table as csv", {"enum": list(FORMATS)})
_WHEN = "an age such as 30m, 1h or 7d, or a time in ISO 8601 or Unix seconds"
_SINCE = _in_query("since", f"not before: {_WHEN}")

_PERIOD = (
    _in_query("since", f"from the start of this UTC day on: {_WHEN}"),
    _in_query("until", f"to the end of this UTC day: {_WHEN}"),
    _in_query("baseline", "what to compare with first, such as always:gpt-4o"),
    _in_query("traffic", "which answers; real ones by default, if any", {"enum": list(TRAFFIC)}),
    _FORMAT,
)


def _table(names: Sequence[str]) -> Parameter:
    return _in_query("table", f"which one as csv; {names[0]} by default", {"enum": list(names)})


PARAMETERS: Mapping[str, Sequence[Parameter]] = {
    "/api/v1/overview": (*_PERIOD, _table(OVERVIEW_TABLES)),
    "/api/v1/savings": (
        *_PERIOD,
        _table(SAVINGS_TABLES),
        _in_query("by", "what to tell savings apart by", {"enum": list(BY)}),
        _in_query("sort", "what the groups are sorted by", {"enum": list(SORTS)}),
        _in_query("order", "which way", {"enum": ["desc", "asc"]}),
        *(_in_query(name, "exactly this, in the groups alone") for name in FILTERS),
    ),
    "/api/v1/quality": (
        *_PERIOD,
        _table(QUALITY_TABLES),
        _in_query("source", "whose scores; by default who judged most", {"enum": list(SOURCES)}),
    ),
    "/api/v1/decisions": (
        _in_query("q", "text in the id, a model's name, the rule or the reason"),
        _SINCE,
        _in_query("until", f"before: {_WHEN}"),
        *(_in_query(name, "exactly this") for name in ("policy", "rule", "model", "key", "tag")),
        _in_query("endpoint", "exactly this, such as chat.completions"),
        _in_query("outcome", "exactly this", {"enum": list(OUTCOMES)}),
        _in_query("min_cost_usd", "US dollars or more", {"type": "number", "minimum": 0}),
        _in_query("before", "`next` of the page before"),
        _in_query("limit", "rows", {"type": "integer", "minimum": 1, "maximum": MOST_ON_A_PAGE}),
        _FORMAT,
    ),
    "/api/v1/decisions/{id}": (_FORMAT,),
    "/api/v1/models": (_SINCE, _FORMAT),
    "/api/v1/policies": _PERIOD,
    "/api/v1/classifiers": (_FORMAT,),
    "/api/v1/setup": (_FORMAT,),
}
"""Path -> its query's parameters; those whose path takes `format` also answer as CSV."""

TABLES = frozenset(path for path, taken in PARAMETERS.items() if _FORMAT in taken)
