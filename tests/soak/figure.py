"""Figure: one promise of the table that `make soak` prints, with what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`trial` is named as in the promises; `ok` whether what was measured keeps what is wanted."""

    trial: str
    wanted: str
    measured: str
    ok: bool


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table in Markdown."""
    rows = [("trial", "wanted", "measured", "ok"), ("---",) * 4]
    rows += [(f.trial, f.wanted, f.measured, "yes" if f.ok else "NO") for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
