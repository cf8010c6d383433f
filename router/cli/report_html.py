"""The report as one HTML file that asks for nothing: no script, no font, no image from elsewhere.

Rule: it shows the statement's own sentences and numbers; the only arithmetic here is of places on
the drawing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import pairwise

from classifiers import charts
from router.core.ledger import UnpricedReason, dollars
from router.evidence.figure import Figure, in_percent, percent, usd
from router.evidence.savings import GroupSaving, PricedSaving
from router.evidence.statement import Day, Statement

TEMPLATE = "report.html"

_STEPS = {
    "cache": "prompt caches lost",
    "routing": "cheaper models",
    "escalation": "paid attempts beside the answer",
    "own": "the router itself",
}
_WHY: Mapping[UnpricedReason, str] = {
    "no_price": "no price is known of the model, or of a search, a tool, a picture or sound",
    "no_usage": "nobody told the tokens",
    "no_baseline_price": "the baseline has no price",
    "no_own_price": "no price is known of the router's own call",
}
_BY = {"model": "model that answered", "key_name": "API key"}
_WIDTH, _HEIGHT, _FOOT, _LEFT = 640, 300, 44, 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the waterfall, in places of the drawing, with what it says."""

    name: str
    amount: str
    x: float
    y: float
    width: float
    height: float
    colour: str


def html(found: Statement) -> str:
    """The page. It loads Jinja2 and the drawings on first use."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    text = (files("router.cli") / "templates" / TEMPLATE).read_text("utf-8")
    environment = Environment(
        loader=DictLoader({TEMPLATE: text}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(
        found=found,
        style=charts.STYLE,
        since=_moment(found.window.since),
        until=_moment(found.window.until),
        states=_by_state(found.figures),
        parts=_parts(found.saving),
        bars=tuple(_bars(found.saving)),
        width=_WIDTH,
        height=_HEIGHT,
        curve=_curve(found.days, found.saving.baseline),
        groups={_BY.get(by, by): rows for by, rows in found.groups.items() if _tells(by, rows)},
        why=_WHY,
        day=_day,
        usd=_usd,
        percent=percent,
        in_percent=in_percent,
        dollars=dollars,
    )


def _usd(amount: int | None) -> str:
    """Of nano-dollars."""
    return "unpriced" if amount is None else usd(dollars(amount))


def _tells(by: str, rows: Sequence[GroupSaving]) -> bool:
    """Whether a table says more than the total does: without any tag that by tag does not."""
    return by != "tag" or any(it.of is not None for it in rows)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _by_state(figures: Mapping[str, Figure]) -> Mapping[str, Sequence[Figure]]:
    """Figures, without those told above: first the known ones."""
    rest = [
        it
        for name, it in sorted(figures.items())
        if not name.startswith("quality") and name != "saved"
    ]
    titles = {
        "value": "Known",
        "not_enough_data": "Not enough data yet",
        "not_measured": "Not measured, and what to do",
    }
    found = {title: [it for it in rest if it.state == state] for state, title in titles.items()}
    return {title: of for title, of in found.items() if of}


def _parts(saving: PricedSaving) -> Sequence[tuple[str, int]]:
    """From the baseline, step by step, to what is left: they add up exactly."""
    steps = [(told, getattr(saving.parts, name)) for name, told in _STEPS.items()]
    return [("baseline", saving.baseline_nano), *((told, -part) for told, part in steps)]


def _bars(saving: PricedSaving) -> Iterator[Bar]:
    """The baseline, what each step takes off or adds, and what was spent."""
    parts = _parts(saving)
    spent = saving.baseline_nano - saving.net_nano
    levels = [0]
    for _, amount in parts:
        levels.append(levels[-1] + amount)
    low, high = min(*levels, 0), max(*levels, 1)
    scale = charts.Scale(float(low), float(high), _HEIGHT - _FOOT, 24)
    wide = (_WIDTH - 2 * _LEFT) / (len(parts) + 1)
    ends = [*pairwise(levels), (0, spent)]
    for place, ((name, amount), (start, end)) in enumerate(
        zip([*parts, ("spent", spent)], ends, strict=True)
    ):
        top, foot = scale(float(max(start, end))), scale(float(min(start, end)))
        whole = place in (0, len(parts))
        colour = "s0" if whole else "s3" if amount <= 0 else "s1"
        height = max(foot - top, 1.0)
        yield Bar(name, usd(dollars(amount)), _LEFT + place * wide, top, wide - 8, height, colour)


def _curve(days: Sequence[Day], baseline: str) -> str:
    """What was spent and what the baseline would have cost, summed up day by day."""
    if len(days) < 2 or all(it.spent_nano is None for it in days):
        return ""
    spent = would = 0
    lines: dict[str, list[charts.Point]] = {"spent": [], baseline: []}
    for number, day in enumerate(days, 1):
        spent, would = spent + (day.spent_nano or 0), would + (day.baseline_nano or 0)
        lines["spent"].append((number, dollars(spent)))
        lines[baseline].append((number, dollars(would)))
    return charts.lines(lines, {}, "day", "US dollars so far")
