"""Where the sums stand that are asked of the ledger: statements over its roll-ups.

Rule: each sum is read once, at the level that tells apart as little as can be: of settled weeks
that lie in the window as a whole, of other settled days, and of days that are not settled at that
level from the full sums. CROSS JOIN is SQLite's way to be told the order: few keys first, then each
one's range.
"""

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

from router.core.ledger import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    TOTALS,
    Dimension,
    LedgerFilter,
    Measure,
    Window,
)
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.roll_up import ALL, FULL, HOURLY, HOURS, LEVELS, SECONDS_PER_WEEK, TIMES, rounded

Source = tuple[str, list[Any]]
"""A statement, or a part of one, and the values of its marks."""

_FILTERS = tuple(one.name for one in fields(LedgerFilter))
_WEEKS = (
    "SELECT week FROM settled_weeks WHERE level = ? AND week >= ?"
    f" AND week + {SECONDS_PER_WEEK} <= ?"
)
_MODELS = f"SELECT DISTINCT coalesce(model, '') FROM roll_up_keys WHERE level = '{FULL}'"
_WHOLE = (
    f"SELECT day FROM settled_days WHERE level = '{TIMES}' AND day >= ?"
    f" AND day + {SECONDS_PER_DAY} <= ?"
)
"""Settled days of histograms that lie within a window as a whole."""

_UNSETTLED = "u.day NOT IN (SELECT day FROM settled_days WHERE level IN (?, ?))"


def hourly_sums(window: Window, where: LedgerFilter | None, by: Dimension | None) -> Source:
    """Rows of `told`, `hour` and TOTALS that sum to those of the window's whole hours."""
    level = level_of(where, by)
    since, until = hours = rounded(window, SECONDS_PER_HOUR)
    read = _read(by, ("hour", *TOTALS))
    chosen, values = chosen_keys(level, where)
    part = (
        f"{read} FROM roll_up_keys k CROSS JOIN hourly s ON s.key = k.id"
        f" WHERE {chosen} AND s.hour >= ? AND s.hour < ?"
    )
    values += [since, until]
    if level == FULL:
        return part, values
    filtered, given = chosen_keys(FULL, where)
    # A day is settled as a whole, so its sums at this level are there or they are not.
    rest = (
        f"{read} FROM roll_up_keys k CROSS JOIN roll_up_days u CROSS JOIN hourly s ON s.key = k.id"
        f" AND s.hour >= max(u.day, ?) AND s.hour < min(u.day + {SECONDS_PER_DAY}, ?)"
        f" WHERE {filtered} AND u.day > ? AND u.day < ? AND {_UNSETTLED}"
    )
    # From the first on, where the day was begun so.
    marks = [level, HOURS if level in HOURLY else level]
    given = [*hours, *given, since - SECONDS_PER_DAY, until, *marks]
    return f"{part} UNION ALL {rest}", values + given


def cluster_sums(window: Window, where: LedgerFilter | None, by: Dimension | None) -> Source:
    """Rows of `told`, `cluster` and CLUSTER_SUMS that sum to those of the window's whole days."""
    level = level_of(where, by)
    days = rounded(window, SECONDS_PER_DAY)
    read = _read(by, ("cluster", *CLUSTER_SUMS))
    filtered, given = chosen_keys(FULL, where)
    if level == FULL:
        whole = (
            f"{read} FROM roll_up_keys k CROSS JOIN daily_clusters s ON s.key = k.id"
            f" WHERE {filtered} AND s.day >= ? AND s.day < ?"
        )
        return whole, [*given, *days]
    chosen, values = chosen_keys(level, where)
    weeks = (
        f"{read} FROM roll_up_keys k CROSS JOIN settled_weeks w"
        " CROSS JOIN weekly_clusters s ON s.key = k.id AND s.week = w.week"
        f" WHERE {chosen} AND w.level = ? AND w.week >= ? AND w.week + {SECONDS_PER_WEEK} <= ?"
    )
    settled = (
        f"{read} FROM roll_up_keys k CROSS JOIN settled_days u"
        " CROSS JOIN daily_clusters s ON s.key = k.id AND s.day = u.day"
        f" WHERE {chosen} AND u.level = ? AND u.day >= ? AND u.day < ?"
        f" AND u.day / {SECONDS_PER_WEEK} * {SECONDS_PER_WEEK} NOT IN ({_WEEKS})"
    )
    rest = (
        f"{read} FROM roll_up_keys k CROSS JOIN roll_up_days u"
        " CROSS JOIN daily_clusters s ON s.key = k.id AND s.day = u.day"
        f" WHERE {filtered} AND u.day >= ? AND u.day < ? AND {_UNSETTLED}"
    )
    within = [level, *days]
    given = [*values, *within, *values, *within, *within, *given, *days, level, level]
    return f"{weeks} UNION ALL {settled} UNION ALL {rest}", given


def counted(
    window: Window,
    measures: Collection[Measure],
    models: Collection[str | None] | None,
    by_hour: bool,
) -> Source:
    """Rows of `at`, `measure`, `bucket` and `requests` of the window's whole hours; unless they are
    to be told by the hour, `at` may be the day of an hour."""
    hours = since, until = rounded(window, SECONDS_PER_HOUR)
    asked = _MODELS if models is None else ", ".join("?" * len(models))
    chosen = f"s.measure IN ({', '.join('?' * len(measures))}) AND s.model IN ({asked})"
    values = [*measures, *(name or "" for name in models or ())]
    read = "SELECT s.{} AS at, s.measure AS measure, s.bucket AS bucket, s.requests AS requests"
    if by_hour:
        every = f"{read.format('hour')} FROM hourly_histograms s WHERE {chosen}"
        return f"{every} AND s.hour >= ? AND s.hour < ?", [*values, *hours]
    days = f"{read.format('day')} FROM daily_histograms s WHERE {chosen} AND s.day IN ({_WHOLE})"
    rest = (
        f"{read.format('hour')} FROM roll_up_days u CROSS JOIN hourly_histograms s WHERE {chosen}"
        f" AND s.hour >= max(u.day, ?) AND s.hour < min(u.day + {SECONDS_PER_DAY}, ?)"
        f" AND u.day > ? AND u.day < ? AND u.day NOT IN ({_WHOLE})"
    )
    given = [*values, *hours, *values, *hours, since - SECONDS_PER_DAY, until, *hours]
    return f"{days} UNION ALL {rest}", given


def chosen_keys(level: str, where: LedgerFilter | None) -> Source:
    """The condition on the keys `k` of a level."""
    given = {name: getattr(where or LedgerFilter(), name) for name in _FILTERS}
    asked = {name: value for name, value in given.items() if value is not None}
    told = " AND ".join(["k.level = ?", *(f"k.{name} = ?" for name in asked)])
    return told, [level, *asked.values()]


def level_of(where: LedgerFilter | None, by: Dimension | None) -> str:
    """The level that tells apart what is asked for, and as little else as can be."""
    needed = {name for name in LEVELS if getattr(where or LedgerFilter(), name) is not None}
    needed |= {by} & set(LEVELS) if by else set()
    if not needed:
        return ALL
    return needed.pop() if len(needed) == 1 else FULL


def _read(by: Dimension | None, names: Sequence[str]) -> str:
    told = "NULL" if by is None else f"k.{by}"
    return f"SELECT {told} AS told, {', '.join(f's.{name}' for name in names)}"
