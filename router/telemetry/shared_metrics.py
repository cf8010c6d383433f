"""SharedMetrics: the metrics of several workers as one exposition, whichever of them is asked.

Counting stays in memory. About once a second a worker writes all that it has counted into a file
of its own; who is asked adds the others' files to what it has counted itself. A worker that is
started anew puts what the one before it had counted aside, so that no counter ever goes back.

Rule: one file a worker and one for those before it, each replaced as a whole, whatever happens.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from router.telemetry.metrics import METRICS, PREFIX

PUBLISH_S = 1.0

_ACROSS: dict[str, Callable[[float, float], float]] = {
    "max": max,
    "min": min,
    "sum": lambda one, other: one + other,
}
_GAUGES = {PREFIX + spec.name: spec.across for spec in METRICS if spec.type == "gauge"}


class _Family(msgspec.Struct, array_like=True):
    name: str
    type: str
    meaning: str
    samples: list[tuple[str, dict[str, str], float]]


_decoder = msgspec.json.Decoder(list[_Family])


class SharedMetrics:
    """Worker `number`'s part. `families` gives what this process has counted."""

    def __init__(
        self, directory: Path, number: int, families: Callable[[], Iterable[Metric]]
    ) -> None:
        self._directory = directory
        self._families = families
        self._file = directory / f"{number}.json"
        past = directory / f"{number}.past.json"
        before = [_read(past), _read(self._file)]
        # Gauges speak of now: those of a process that is no more say nothing.
        counted = [[it for it in families if it.type != "gauge"] for families in before]
        if any(counted):
            _replace(past, [_plain(metric) for metric in _merged(counted)])
        self._file.unlink(missing_ok=True)

    def publish(self) -> None:
        """Write what this process has counted so far. Raises OSError."""
        _replace(self._file, [_plain(metric) for metric in self._families()])

    def collect(self) -> Iterator[Metric]:
        """Every worker's metrics added up, those of workers that are no more as well."""
        others = sorted(path for path in self._directory.glob("*.json") if path != self._file)
        mine = [_plain(metric) for metric in self._families()]
        yield from _merged([mine, *map(_read, others)])


def _plain(metric: Metric) -> _Family:
    samples = [(s.name, dict(s.labels), float(s.value)) for s in metric.samples]
    return _Family(metric.name, metric.type, metric.documentation, samples)


def _read(path: Path) -> list[_Family]:
    try:
        return _decoder.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        # Not there yet, or not any longer.
        return []


def _replace(path: Path, families: Sequence[_Family]) -> None:
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(msgspec.json.encode(families))
    unfinished.replace(path)


def _merged(parts: Iterable[Sequence[_Family]]) -> Iterator[Metric]:
    known: dict[str, _Family] = {}
    sums: dict[str, dict[Any, float]] = {}
    for part in parts:
        for family in part:
            known.setdefault(family.name, family)
            found = sums.setdefault(family.name, {})
            across = _ACROSS[_GAUGES.get(family.name, "sum")]
            for name, labels, value in family.samples:
                key = name, *labels.items()
                found[key] = across(found[key], value) if key in found else value
    for family in known.values():
        metric = Metric(family.name, family.meaning, family.type)
        metric.samples = [
            Sample(name, dict(labels), value)
            for (name, *labels), value in sums[family.name].items()
        ]
        yield metric
