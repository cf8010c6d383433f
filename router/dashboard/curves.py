"""Curves: a report's series as charts that static/charts.js draws, each with the same as a table.

Rule: no figure is reckoned here; what a chart says its report says, under the same names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from router.dashboard.formats import count, moment, money

DAY_S = 86_400
TONES = ("accent", "second", "third", "warn", "good")
OTHERS = "all others"
NOBODY = "nobody answered"

Row = Mapping[str, Any]


class Drawn(NamedTuple):
    """What to draw, and the table that says the same."""

    chart: dict[str, Any]
    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def cumulative(points: Sequence[Row], changes: Iterable[Row], baseline: str) -> Drawn:
    """Spending as it grew, and what the baseline would have cost meanwhile."""
    chart = {
        "kind": "line",
        "x": {"label": "UTC", "time": True},
        "y": {"label": "US dollars", "unit": "usd"},
        "at": [it["at"] for it in points],
        "series": [
            _series(f"{baseline}, as priced", "muted", points, "baseline_usd") | {"dash": True},
            _series("spent, all in", "accent", points, "spent_usd"),
        ],
        "marks": marks(changes),
    }
    rows = [
        (
            moment(it["at"])[:16],
            count(it["requests"]),
            money(it["spent_usd"]),
            money(it["baseline_usd"]),
        )
        for it in points
    ]
    headings = ("Until (UTC)", "Requests", "Spent, all in", baseline)
    return Drawn(chart, f"Spent in all against {baseline}", headings, rows)


def by_day(days: Sequence[Row], changes: Iterable[Row]) -> Drawn:
    """Spending by model, day by day, as stacked bars; the dearest models first."""
    names = dearest(days)
    shown = names if len(names) <= len(TONES) else names[: len(TONES) - 1]
    labels = [*map(_named, shown), *([OTHERS] if len(shown) < len(names) else [])]
    begin = min((it["at"] for it in days), default=0)
    end = max((it["at"] for it in days), default=-1)
    at = list(range(begin, end + 1, DAY_S))
    spent: list[list[float | None]] = [[0.0] * len(at) for _ in labels]
    for it in days:
        of = shown.index(it["model"]) if it["model"] in shown else len(labels) - 1
        day = (it["at"] - begin) // DAY_S
        spent[of][day] = _sum([spent[of][day], it["spent_usd"]])
    told = [moment(it)[:10] for it in at]
    chart = {
        "kind": "bars",
        "stacked": True,
        "x": {"label": "UTC day", "labels": [it[5:] for it in told]},
        "y": {"label": "US dollars", "unit": "usd"},
        "at": list(range(len(at))),
        "series": [
            {"label": label, "tone": tone, "values": values}
            for label, tone, values in zip(labels, TONES, spent, strict=False)
        ],
        "marks": [{**it, "at": (it["at"] - begin) / DAY_S - 0.5} for it in marks(changes) if at],
    }
    rows = [
        (day, *(money(values[i]) for values in spent), money(_sum([values[i] for values in spent])))
        for i, day in enumerate(told)
    ]
    return Drawn(chart, "Spent by model and day", ("Day (UTC)", *labels, "In all"), rows)


def _sum(values: Sequence[float | None]) -> float | None:
    """What is known of a sum; None where that is nothing."""
    found = sum(it for it in values if it is not None)
    return found if found or None not in values else None


def dearest(days: Iterable[Row]) -> Sequence[str | None]:
    """The models, those that were paid most first."""
    spent: dict[str | None, float] = {}
    for it in days:
        spent[it["model"]] = spent.get(it["model"], 0.0) + (it["spent_usd"] or 0.0)
    return sorted(spent, key=lambda name: (-spent[name], str(name)))


def marks(changes: Iterable[Row]) -> list[dict[str, Any]]:
    """What changed, lettered as the list below the chart letters it."""
    return [{"at": it["at"], "label": letter(i)} for i, it in enumerate(changes)]


def letter(index: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    first, last = divmod(index, 26)
    return (letter(first - 1) if first else "") + chr(ord("A") + last)


def _series(label: str, tone: str, points: Sequence[Row], name: str) -> dict[str, Any]:
    return {"label": label, "tone": tone, "values": [it[name] for it in points]}


def _named(model: str | None) -> str:
    return NOBODY if model is None else model
