"""Browsing: which decisions somebody wants to see, a page at a time.

Rule: a page is found by where the one before it ended, never by counting rows, so that the last
page costs what the first does.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from router.core.event import Outcome

MOST_ON_A_PAGE = 500
MOST_LOOKED_AT = 20_000
"""Rows that are read for one page. Where so many do not fill it, it says how far it has looked."""


class Place(NamedTuple):
    """A row's place in the log: when its request arrived (Unix seconds), and its number."""

    at: float
    number: int


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """Which decisions to list, newest first; None = any.

    `text` is looked for in the id, the model asked for, the model that answered, the rule and the
    reason. `since` and `until` are Unix seconds, `min_cost_usd` is in US dollars. `before` is
    where the page before ended.
    """

    text: str | None = None
    policy: str | None = None
    rule: str | None = None
    model: str | None = None
    outcome: Outcome | None = None
    key: str | None = None
    tag: str | None = None
    endpoint: str | None = None
    since: float | None = None
    until: float | None = None
    min_cost_usd: float | None = None
    before: Place | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Some of the decisions asked for. `next` is where to go on, None at the log's end.

    `full` is whether the page holds as many as were asked for; where it does not and there is a
    `next`, older rows have not been looked at yet.
    """

    rows: tuple[dict[str, Any], ...]
    next: Place | None
    full: bool
