"""Where the sums stand that are asked of the ledger: statements over its roll-ups.

Rule: each sum is read once, at the level that tells apart as little as can be: of settled weeks
that lie in the window as a whole, of other settled days, and of days that are not settled at that
level from the full sums, which stand in tables of their own while a day is open. CROSS JOIN is
SQLite's way to be told the order: few keys first, then each one's range; of an open day its rows.
A plus before a column keeps SQLite from looking for its bounds in place of the value it equals.
"""

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

from router.core.ledger import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    TOTALS,
    Dimension,
    Grouping,
    LedgerFilter,
    Measure,
    Window,
)
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.roll_up import (
    ALL,
    FULL,
    HOURLY,
    HOURS,
    LEVELS,
    LIFTED,
    SECONDS_PER_WEEK,
    TAG,
    TIMES,
    rounded,
)

Source = tuple[str, list[Any]]
"""A statement, or a part of one, and the values of its marks."""

_FILTERS = tuple(one.name for one in fields(LedgerFilter))
_WEEKS = (
    "SELECT week FROM settled_weeks WHERE level = ? AND week >= ?"
    f" AND week + {SECONDS_PER_WEEK} <= ?"
)
_PACKED_WEEKS = "SELECT begin FROM packed_clusters WHERE level = ? AND days = 7"
_PACKED_DAYS = "SELECT begin FROM packed_clusters WHERE level = ? AND days = 1"
_UNPACKED = (
    f"day >= ? AND day < ? AND day / {SECONDS_PER_WEEK} * {SECONDS_PER_WEEK} NOT IN ({_WEEKS})"
    f" AND day NOT IN ({_PACKED_DAYS})"
)
"""Which days of a window are read from daily sums."""
_MODELS = f"SELECT DISTINCT coalesce(model, '') FROM roll_up_keys WHERE level = '{FULL}'"
_WHOLE = (
    f"SELECT day FROM settled_days WHERE level = '{TIMES}' AND day >= ?"
    f" AND day + {SECONDS_PER_DAY} <= ?"
)
"""Settled days of histograms that lie within a window as a whole."""

# Days first: mostly there is none, and nothing else is looked at then.
_CLOSED = "FROM roll_up_days u CROSS JOIN roll_up_keys k CROSS JOIN {} s ON s.key = k.id AND {}"
_OPEN = "FROM roll_up_days u CROSS JOIN {} s ON {} CROSS JOIN roll_up_keys k ON k.id = s.key"


def hourly_sums(
    window: Window,
    where: LedgerFilter | None,
    by: Grouping | None,
    figures: Sequence[str] = TOTALS,
) -> Source:
    """Rows of `told`, `hour` and some of TOTALS that sum to those of the window's whole hours."""
    if by == "tag":
        tagged = _tagged_hours(window, where, figures)
        return _beside_untagged(tagged, hourly_sums(window, where, None, figures))
    level = level_of(where, by)
    hours = rounded(window, SECONDS_PER_HOUR)
    read = _read(by, ("hour", *figures))
    chosen, values = chosen_keys(level, where)
    rest, given = _rest(read, level, where, hours, hourly=True)
    part = (
        f"{read} FROM roll_up_keys k CROSS JOIN hourly s ON s.key = k.id"
        f" WHERE {chosen} AND s.hour >= ? AND s.hour < ?"
    )
    return f"{part} UNION ALL {rest}", [*values, *hours, *given]


def hours_of(window: Window, where: LedgerFilter | None, by: Dimension) -> Source:
    """Rows of `told`, `first` and `last`: hours of the window, all other sums lying between."""
    level = level_of(where, by)
    hours = rounded(window, SECONDS_PER_HOUR)
    chosen, values = chosen_keys(level, where)
    # Hours without a request have costs of the router's own calls alone.
    hour = "CASE WHEN s.requests > 0 THEN s.hour END"
    read = f"SELECT k.{by} AS told, {hour} AS first, {hour} AS last"
    rest, given = _rest(read, level, where, hours, hourly=True)
    end = (
        "(SELECT {}(s.hour) FROM hourly s WHERE s.key = k.id AND s.hour >= ? AND s.hour < ?"
        " AND s.requests > 0)"
    )
    part = (
        f"SELECT k.{by} AS told, {end.format('min')} AS first, {end.format('max')} AS last"
        f" FROM roll_up_keys k WHERE {chosen}"
    )
    return f"{part} UNION ALL {rest}", [*hours, *hours, *values, *given]


def cluster_sums(window: Window, where: LedgerFilter | None, by: Grouping | None) -> Source:
    """Rows of `told`, `cluster` and CLUSTER_SUMS that sum to those of the window's whole days, but
    for what is packed."""
    if by == "tag":
        return _beside_untagged(_tagged_clusters(window, where), cluster_sums(window, where, None))
    level = level_of(where, by)
    days = rounded(window, SECONDS_PER_DAY)
    read = _read(by, ("cluster", *CLUSTER_SUMS))
    chosen, values = chosen_keys(level, where)
    weeks = (
        f"{read} FROM roll_up_keys k CROSS JOIN settled_weeks w"
        " CROSS JOIN weekly_clusters s ON s.key = k.id AND s.week = w.week"
        f" WHERE {chosen} AND w.level = ? AND +w.week >= ? AND w.week + {SECONDS_PER_WEEK} <= ?"
        f" AND +w.week NOT IN ({_PACKED_WEEKS})"
    )
    # Distinct: which days they are is found out once, and not with every key.
    settled = (
        f"{read} FROM roll_up_keys k CROSS JOIN (SELECT DISTINCT day FROM settled_days"
        f" WHERE level IN (?, ?) AND {_UNPACKED}) u"
        f" CROSS JOIN daily_clusters s ON s.key = k.id AND s.day = u.day WHERE {chosen}"
    )
    rest, given = _rest(read, level, where, days, hourly=False)
    within = [level, *days]
    return (
        f"{weeks} UNION ALL {settled} UNION ALL {rest}",
        [
            *(*values, *within, level),
            *(level, level if level == ALL else LIFTED, *days, *within, level, *values),
            *given,
        ],
    )


def packed_sums(level: str, window: Window) -> Source:
    """The packs of a level that lie in the window's whole days, each sum in one of them at most."""
    days = rounded(window, SECONDS_PER_DAY)
    told = (
        "SELECT sums FROM packed_clusters WHERE level = ? AND days = 7 AND begin >= ?"
        f" AND begin + {SECONDS_PER_WEEK} <= ?"
        " UNION ALL SELECT sums FROM packed_clusters WHERE level = ? AND days = 1 AND begin >= ?"
        f" AND begin < ? AND begin / {SECONDS_PER_WEEK} * {SECONDS_PER_WEEK} NOT IN ({_WEEKS})"
    )
    return told, [level, *days] * 3


def _rest(
    read: str, level: str, where: LedgerFilter | None, span: tuple[int, int], hourly: bool
) -> Source:
    """The full sums, by the hour or by cluster, of days that are not settled at a level."""
    closed, still = ("hourly", "open_hourly") if hourly else ("daily_clusters", "open_clusters")
    of_a_day = (
        f"s.hour >= max(u.day, ?) AND s.hour < min(u.day + {SECONDS_PER_DAY}, ?)"
        if hourly
        else "s.day = u.day"
    )
    chosen, values = chosen_keys(FULL, where)
    unsettled = (
        f"WHERE {chosen} AND +u.day > ? AND +u.day < ?"
        " AND u.day NOT IN (SELECT day FROM settled_days WHERE level IN (?, ?))"
    )
    still_there = f"{read} {_OPEN.format(still, of_a_day)} {unsettled}"
    given = [*(span if hourly else ()), *values, span[0] - SECONDS_PER_DAY, span[1]]
    if level == FULL:
        # What has not been moved yet, whatever the marks: the rest is read with the whole window.
        return still_there, [*given, "", ""]
    moved = (
        f"{read} {_CLOSED.format(closed, of_a_day)} {unsettled}"
        f" AND u.day IN (SELECT day FROM settled_days WHERE level = '{FULL}')"
    )
    if hourly:
        # HOURS: this level's sums are kept from the first row on, where the day was begun so.
        given += [level, HOURS if level in HOURLY else level]
        return f"{moved} UNION ALL {still_there}", given * 2
    # LIFTED: what has been moved stands at this level too.
    return f"{moved} UNION ALL {still_there}", [*given, level, LIFTED, *given, level, level]


def counted(
    window: Window,
    measure: Measure,
    models: Collection[str | None] | None,
    by_hour: bool,
) -> Source:
    """Rows of `at`, `bucket` and `requests` of the window's whole hours; unless they are to be told
    by the hour, `at` may be the day of an hour."""
    hours = since, until = rounded(window, SECONDS_PER_HOUR)
    asked = _MODELS if models is None else ", ".join("?" * len(models))
    chosen = f"s.measure = ? AND s.model IN ({asked})"
    values = [measure, *(name or "" for name in models or ())]
    read = "SELECT s.{} AS at, s.bucket AS bucket, s.requests AS requests"
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


def _tagged_hours(window: Window, where: LedgerFilter | None, figures: Sequence[str]) -> Source:
    chosen, values = chosen_keys(tag_level(where), where)
    told = (
        f"{_read_tagged('hour', figures)} FROM roll_up_keys k CROSS JOIN hourly s ON s.key = k.id"
        f" WHERE {chosen} AND s.hour >= ? AND s.hour < ?"
    )
    return told, [*values, *rounded(window, SECONDS_PER_HOUR)]


def _tagged_clusters(window: Window, where: LedgerFilter | None) -> Source:
    """These stand from the first row on: only weeks ask for a mark."""
    level, days = tag_level(where), rounded(window, SECONDS_PER_DAY)
    chosen, values = chosen_keys(level, where)
    read = f"{_read_tagged('cluster', CLUSTER_SUMS)} FROM roll_up_keys k"
    told = (
        f"{read} CROSS JOIN settled_weeks w"
        " CROSS JOIN weekly_clusters s ON s.key = k.id AND s.week = w.week"
        f" WHERE {chosen} AND w.level = ? AND +w.week >= ? AND w.week + {SECONDS_PER_WEEK} <= ?"
        f" AND +w.week NOT IN ({_PACKED_WEEKS})"
        f" UNION ALL {read}"
        f" CROSS JOIN (SELECT DISTINCT day FROM roll_up_days WHERE {_UNPACKED}) u"
        f" CROSS JOIN daily_clusters s ON s.key = k.id AND s.day = u.day WHERE {chosen}"
    )
    within = [level, *days]
    return told, [*values, *within, level, *days, *within, level, *values]


def _read_tagged(at: str, names: Sequence[str]) -> str:
    """Sums by tag; those of any tag are taken off, for they meet the sums of all rows."""
    signed = (f"CASE WHEN k.tag IS NULL THEN -s.{it} ELSE s.{it} END AS {it}" for it in names)
    return f"SELECT k.tag AS told, s.{at} AS {at}, {', '.join(signed)}"


def _beside_untagged(tagged: Source, whole: Source) -> Source:
    return f"{tagged[0]} UNION ALL {whole[0]}", [*tagged[1], *whole[1]]


def tag_level(where: LedgerFilter | None) -> str:
    """The level of sums by tag. Raises ValueError for a filter that it does not tell apart."""
    if level_of(where, None) != ALL:
        raise ValueError(f"by tag no sums are kept of {', '.join(LEVELS)}")
    return TAG


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
