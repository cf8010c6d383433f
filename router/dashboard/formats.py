"""Formats: values as people read them. Rule: what is not known is a dash, never a 0."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from router.evidence.figure import in_percent

UNKNOWN = "\u2013"
MINUS = "\u2212"


def usd(amount: float | None) -> str:
    """US dollars with as many digits as say something: $12.30, $0.0123, $0.000045."""
    if amount is None:
        return UNKNOWN
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if size == 0 or size >= 1:
        return f"{sign}${size:,.2f}"
    if size >= 0.01:
        return f"{sign}${size:.4f}"
    return f"{sign}${size:.6f}" if size >= 1e-6 else f"{sign}${size:.1e}"


def duration(seconds: float | None) -> str:
    """A duration in the unit that suits it."""
    if seconds is None:
        return UNKNOWN
    if seconds < 0.9995:
        milliseconds = seconds * 1000
        return f"{milliseconds:.1f} ms" if milliseconds < 100 else f"{milliseconds:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 100 else f"{seconds:,.0f} s"


def span(seconds: float) -> str:
    """A length of time in words: 90 s, 30 min, 3.5 h."""
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def share(value: float | None, digits: int = 0) -> str:
    """A share as a percentage; 100 % is all, and 0 % none."""
    return UNKNOWN if value is None else f"{in_percent(value, digits)} %"


def score(value: float | None) -> str:
    """A probability or a score, two digits."""
    return UNKNOWN if value is None else f"{value:.2f}"


def count(value: float | None) -> str:
    """A whole number with thousands apart."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def plain(value: Any) -> str:
    """A signal's value, or any other, as it would stand in a policy."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(plain, value)) if isinstance(value, list | tuple) else str(value)


def moment(value: str | float | None) -> str:
    """A time in UTC to the second: the log's ISO 8601, or Unix seconds."""
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value[:19].replace("T", " ")
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S")


def money(amount: float | None) -> str:
    """US dollars in a column, as many digits as make cents of the smallest count."""
    if amount is None:
        return UNKNOWN
    digits = 2 if abs(amount) >= 100 else 4
    shown = f"{abs(amount):,.{digits}f}"
    return f"-${shown}" if amount < 0 and shown.strip("0.,") else f"${shown}"


def signed(amount: float | None) -> str:
    """The same with its sign, as in a bill."""
    if amount is None:
        return UNKNOWN
    shown = money(abs(amount))
    if not shown.strip("$0.,"):
        return shown
    return f"{'+' if amount > 0 else MINUS}{shown}"


def valued(value: float | None, unit: str) -> str:
    """A figure's value or an end of its interval."""
    if unit == "usd":
        return usd(value)
    if unit == "seconds":
        return duration(value)
    if unit == "share":
        return share(value, 1)
    return UNKNOWN if value is None else f"{value:+.3f}"


def between(low: float | None, high: float | None, unit: str) -> str:
    """An interval: [34.1, 38.2]; percent are not told twice."""
    if low is None or high is None:
        return UNKNOWN
    if unit == "share":
        return f"[{in_percent(low, 1)}, {in_percent(high, 1)}]"
    return f"[{valued(low, unit)}, {valued(high, unit)}]"


def compact(value: Any) -> str:
    """JSON for an attribute."""
    return json.dumps(value, separators=(",", ":"))


FILTERS: Mapping[str, Callable[..., str]] = {
    "usd": usd,
    "duration": duration,
    "span": span,
    "share": share,
    "score": score,
    "count": count,
    "plain": plain,
    "moment": moment,
    "compact": compact,
    "money": money,
    "signed": signed,
    "valued": valued,
    "between": between,
}
"""As templates name them."""
