"""GET /api/v1/classifiers: what judges requests, how well it does, and what it has seen lately."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.input_drift import input_drift
from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.core.signals import Signals
from router.evidence.reliability import BINS, LEAST, calibration_error, reliability
from router.runtime import Runtime
from router.stores.recent_signals import MOST_SIGNALS, Foreseen, RecentSignals, Seen

COLUMNS = ("low", "high", "n", "predicted", "score", "score_low", "score_high")
CONFIDENCES = ("complexity_confidence", "domain_confidence", "task_confidence")
_VERSION_DIGITS = 12


async def classifiers(request: Request) -> Response:
    """The classifiers as JSON; as CSV the reliability of what was predicted."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """Every artifact in use, its figures on held-back data, and its behaviour on this traffic."""
    runtime = runtime_of(request)
    reader = RecentSignals(runtime.settings.decision_log)
    seen = await asyncio.to_thread(reader.signals)
    judged = await asyncio.to_thread(reader.foreseen)
    bins = reliability((it.predicted, it.score) for it in judged)
    rows = [asdict(one) for one in bins]
    content = {
        "object": "classifiers",
        "artifacts": await asyncio.to_thread(_artifacts, runtime, seen),
        "reliability": {
            "bins": rows,
            "n": len(judged),
            "needed": LEAST,
            "calibration_error": calibration_error(bins),
            "models": _by_model(judged),
        },
        "lately": lately(seen),
    }
    return Told(content, COLUMNS, rows)


def _artifacts(runtime: Runtime, seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Each artifact with the policies that use it."""
    users: dict[Path, list[str]] = {}
    for policy, folder in runtime.artifacts().items():
        users.setdefault(folder, []).append(policy)
    own_gap = {name for name, it in runtime.gateway.policies.items() if it.own_gap}
    return [
        _artifact(folder, policies, [it for it in seen if it.policy in policies], own_gap)
        for folder, policies in users.items()
    ]


def _artifact(
    folder: Path, policies: Sequence[str], seen: Sequence[Seen], own_gap: Collection[str]
) -> dict[str, Any]:
    """What an artifact says of itself, and how far from its training the requests are that it
    judged; `error` where it cannot be read."""
    told: dict[str, Any] = {"policies": list(policies), "error": None}
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
        card = (folder / "card.md").read_text("utf-8") if (folder / "card.md").is_file() else None
        return {
            **told,
            "version": manifest["sha256"][:_VERSION_DIGITS],
            "embedder": manifest.get("embedder", {}).get("kind"),
            "heads": {name: head.get("kind") for name, head in manifest.get("heads", {}).items()},
            "examples": manifest.get("examples", {}),
            "mean_complexity": manifest.get("mean_complexity"),
            "models": len(manifest.get("responses", {}).get("models", ())),
            "figures": list(_figures(manifest.get("figures", {}))),
            "drift": input_drift(manifest.get("distribution", {}), seen, own_gap),
            "card": card,
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        names = ("version", "embedder", "heads", "examples", "mean_complexity", "models", "card")
        empty: dict[str, Any] = dict.fromkeys(names)
        return {
            **told,
            **empty,
            "figures": [],
            "drift": [],
            "error": "Its manifest cannot be read.",
        }


def _figures(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for test, found in figures.items():
        for figure, it in found.items():
            value = {name: it.get(name) for name in ("value", "low", "high", "n")}
            yield {"test": test, "figure": figure, **value}


def _by_model(judged: Iterable[Foreseen]) -> list[dict[str, Any]]:
    """For each model the mean of what was predicted and of what it was given."""
    found: dict[str, list[Foreseen]] = {}
    for it in judged:
        found.setdefault(it.model, []).append(it)
    return [
        {
            "model": model,
            "n": len(its),
            "predicted": sum(it.predicted for it in its) / len(its),
            "score": sum(it.score for it in its) / len(its),
        }
        for model, its in sorted(found.items())
    ]


def lately(seen: Sequence[Seen]) -> dict[str, Any]:
    """What the newest requests looked like: confidences, labels, strange ground, failures."""
    told = [it.signals for it in seen]
    complexities = [float(it["complexity"]) for it in told if "complexity" in it]
    strange = [bool(it["abstain"]) for it in told if "abstain" in it]
    return {
        "n": len(seen),
        "newest_only": MOST_SIGNALS if len(seen) >= MOST_SIGNALS else None,
        "confidence": {name: _histogram(told, name) for name in CONFIDENCES},
        "complexity": _histogram(told, "complexity"),
        "mean_complexity": _mean(complexities),
        "strange_share": _mean([float(it) for it in strange]),
        "failed": dict(Counter(kind for it in seen for kind in it.failed)),
        "domains": _shares(told, "domain"),
        "tasks": _shares(told, "task"),
    }


def _histogram(told: Iterable[Signals], name: str) -> list[int]:
    """How many requests in each of BINS equal pieces of [0, 1]."""
    counts = [0] * BINS
    for signals in told:
        if name in signals:
            counts[min(max(int(float(signals[name]) * BINS), 0), BINS - 1)] += 1
    return counts


def _shares(told: Iterable[Signals], name: str) -> list[dict[str, Any]]:
    counts = Counter(str(signals[name]) for signals in told if name in signals)
    total = counts.total()
    return [{"label": label, "n": n, "share": n / total} for label, n in counts.most_common()]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
