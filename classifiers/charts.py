"""Charts as inline SVG: no script, no network, colours that follow the reader's light or dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from classifiers.curves import Bin, Estimate

Point = tuple[float, float]

WIDTH, HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 28, 12, 48
_ROW = 26
_TICKS = 5


STYLE = """
:root { --ink: #1b1f24; --paper: #fff; --faint: #d0d7de; --quiet: #57606a; --heat: 9, 105, 218 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --faint: #30363d;
  --quiet: #9aa4af; --heat: 88, 166, 255 } }
.axis { fill: none; stroke: var(--quiet) } .grid { stroke: var(--faint); stroke-width: .5 }
.guide { stroke: var(--quiet); stroke-dasharray: 4 4 }
.tick { font-size: 12px; fill: var(--quiet) } .dot { fill: rgba(var(--heat), .6) }
.mark { fill: none; stroke: var(--ink); stroke-width: 2 }
.s0 { --c: #0969da } .s1 { --c: #cf222e } .s2 { --c: #8250df } .s3 { --c: #1a7f37 }
.s4 { --c: #bf8700 } .s5 { --c: #1b7c83 } .s6 { --c: #bf3989 } .s7 { --c: #8c959f }
.s8 { --c: #953800 } .line { fill: none; stroke: var(--c); stroke-width: 1.6 }
.line.s0 { stroke-width: 3.2 } .fill { fill: var(--c) }
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value of `low` to `high` stands between two places of the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        width = self.high - self.low or 1.0
        return round(self.start + (value - self.low) / width * (self.end - self.start), 1)

    def ticks(self) -> Iterator[float]:
        """Round values between the ends, about six of them."""
        rough = (self.high - self.low or 1.0) / _TICKS
        power = 10.0 ** floor(log10(rough))
        step = next(power * many for many in (1, 2, 5, 10) if power * many >= rough * (1 - 1e-9))
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        for count in range(first, last + 1):
            yield round(count * step, 12)


def colour(place: int) -> str:
    """The CSS class of the nth series; the first is ours."""
    return f"s{place % 9}"


def lines(
    series: Mapping[str, Sequence[Point]], marks: Mapping[str, Point], x_title: str, y_title: str
) -> str:
    """Return a chart of lines, and of single points beside them."""
    points = [point for line in series.values() for point in line] + list(marks.values())
    x = Scale(*_range([p[0] for p in points]), _LEFT, WIDTH - _RIGHT)
    low, high = _range([p[1] for p in points])
    # Room below the lowest point for its name.
    y = Scale(low - (high - low) / 12, high, HEIGHT - _BOTTOM, _TOP)
    parts = [_axes(x, y, x_title, y_title)]
    # Ours is drawn last, so that nothing hides it.
    for place, (name, line) in reversed(list(enumerate(series.items()))):
        path = " ".join(f"{x(a)},{y(b)}" for a, b in line)
        parts.append(
            f'<polyline class="line {colour(place)}" points="{path}">'
            f"<title>{escape(name)}</title></polyline>"
        )
    for name, (a, b) in marks.items():
        left = x(a) < WIDTH / 2
        told = _tick(x(a) + (10 if left else -4), y(b) + 18, name, "start" if left else "end")
        parts.append(
            f'<circle class="mark" cx="{x(a)}" cy="{y(b)}" r="5"><title>{escape(name)}</title>'
            f"</circle>{told}"
        )
    parts.append(_legend(list(series)))
    return _drawing(parts, HEIGHT, f"{y_title} against {x_title}")


def _legend(names: Sequence[str]) -> str:
    """Names beside their colours, bottom right: where routers worth drawing leave room."""
    left, foot = WIDTH - _RIGHT - 168, HEIGHT - _BOTTOM - 10
    parts = []
    for place, name in enumerate(names):
        at = foot - 16 * (len(names) - 1 - place)
        parts.append(
            f'<line class="line {colour(place)}" x1="{left}" x2="{left + 22}" y1="{at}" y2="{at}"/>'
            + _tick(left + 28, at + 4, name, "start")
        )
    return "".join(parts)


def standalone(drawing: str) -> str:
    """Return a drawing as a file of its own, as a page of Markdown shows it."""
    head, _, rest = drawing.partition(">")
    style = f"<style>{STYLE} svg {{ font-family: sans-serif }}</style>"
    return f'{head} xmlns="http://www.w3.org/2000/svg">{style}{rest}\n'


def reliability_diagram(bins: Sequence[Bin], what: str) -> str:
    """Return what came true against what was foreseen; dots are as large as their bins."""
    side = HEIGHT
    x = Scale(0, 1, _LEFT, side - _RIGHT)
    y = Scale(0, 1, side - _BOTTOM, _TOP)
    most = max((each.n for each in bins), default=1)
    dots = [
        f'<circle class="dot" cx="{x(each.predicted)}" cy="{y(each.observed)}"'
        f' r="{3 + 9 * (each.n / most) ** 0.5:.1f}"><title>{each.n} prompts: foreseen'
        f" {each.predicted:.3f}, true {each.observed:.3f}</title></circle>"
        for each in bins
    ]
    diagonal = f'<line class="guide" x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}"/>'
    parts = [_axes(x, y, "foreseen", "came true"), diagonal, *dots]
    return _drawing(parts, side, f"reliability: {what}", side)


def whiskers(estimates: Mapping[str, Estimate], title: str, guide: float | None = None) -> str:
    """Return one row for each estimate: a dot and its interval."""
    kept = {name: it for name, it in estimates.items() if it.value == it.value}
    if not kept:
        return ""
    ends = [end for it in kept.values() for end in (it.value, it.low, it.high) if end == end]
    height = _ROW * len(kept) + _BOTTOM + _TOP
    x = Scale(*_range([*ends, *([] if guide is None else [guide])]), 190, WIDTH - _RIGHT)
    parts = []
    for step in x.ticks():
        parts.append(_tick(x(step), height - _BOTTOM + 18, f"{step:g}", "middle"))
    if guide is not None:
        foot = height - _BOTTOM
        parts.append(
            f'<line class="guide" x1="{x(guide)}" y1="{_TOP}" x2="{x(guide)}" y2="{foot}"/>'
        )
    for place, (name, it) in enumerate(kept.items()):
        at = _TOP + _ROW * place + _ROW / 2
        low, high = (it.value if end != end else end for end in (it.low, it.high))
        parts.append(
            f'{_tick(180, at + 4, name, "end")}<line class="line {colour(place)}" x1="{x(low)}"'
            f' y1="{at}" x2="{x(high)}" y2="{at}"/><circle class="fill {colour(place)}"'
            f' cx="{x(it.value)}" cy="{at}" r="5"><title>{escape(name)}: {it.value:.3f}'
            f" [{low:.3f}, {high:.3f}]</title></circle>"
        )
    parts.append(_tick((190 + WIDTH) / 2, height - 6, title, "middle"))
    return _drawing(parts, height, title)


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low, low + 1)


def _axes(x: Scale, y: Scale, x_title: str, y_title: str) -> str:
    parts = [f'<path class="axis" d="M{x.start},{y.end}V{y.start}H{x.end}"/>']
    for value in x.ticks():
        parts.append(_tick(x(value), y.start + 18, f"{value:g}", "middle"))
    for value in y.ticks():
        parts.append(_tick(x.start - 8, y(value) + 4, f"{value:g}", "end"))
        parts.append(
            f'<line class="grid" x1="{x.start}" x2="{x.end}" y1="{y(value)}" y2="{y(value)}"/>'
        )
    middle = (y.start + y.end) / 2
    parts.append(_tick((x.start + x.end) / 2, y.start + 38, x_title, "middle"))
    parts.append(
        f'<text class="tick" text-anchor="middle" transform="translate(14 {middle}) rotate(-90)">'
        f"{escape(y_title)}</text>"
    )
    return "".join(parts)


def _tick(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text class="tick" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'


def _drawing(parts: Sequence[str], height: float, label: str, width: float = WIDTH) -> str:
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}">{"".join(parts)}</svg>'
    )
