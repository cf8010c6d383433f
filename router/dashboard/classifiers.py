"""Classifiers: the card, whether predictions come true here, and what was seen lately."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.classifiers import CONFIDENCES, report
from router.dashboard.formats import count, score
from router.dashboard.rendering import page
from router.evidence.reliability import BINS

PIECES = [f"{at / BINS:.1f}\u2013{(at + 1) / BINS:.1f}" for at in range(BINS)]
TONES = ("accent", "second", "third")


async def classifiers(request: Request) -> Response:
    """The page."""
    content = (await report(request)).content
    bins, lately = content["reliability"]["bins"], content["lately"]
    shown = {
        "report": content,
        "reliability": _reliability(bins),
        "reliability_rows": [_row(one) for one in bins],
        "confidence": _confidence(lately["confidence"]),
        "confidence_rows": [
            (piece, *(count(lately["confidence"][name][at]) for name in CONFIDENCES))
            for at, piece in enumerate(PIECES)
        ],
    }
    return page(request, "classifiers.html", shown)


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    piece = f"{one['low']:.1f}\u2013{one['high']:.1f}"
    interval = f"{one['score_low']:.2f} to {one['score_high']:.2f}"
    return piece, count(one["n"]), score(one["predicted"]), score(one["score"]), interval


def _reliability(bins: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean score against mean prediction, beside the diagonal on which they are equal."""
    at = sorted({0.0, 1.0, *(one["predicted"] for one in bins)})
    found = {one["predicted"]: one for one in bins}

    def along(name: str) -> list[float | None]:
        return [found[x][name] if x in found else None for x in at]

    scores = {"low": along("score_low"), "high": along("score_high")}
    return {
        "kind": "points",
        "x": {"label": "predicted quality"},
        "y": {"label": "score", "min": 0, "max": 1},
        "at": at,
        "series": [
            {"label": "mean score, with its 95 % interval", "values": along("score"), **scores},
            {"label": "as predicted", "values": at, "tone": "muted", "dash": True, "line": True},
        ],
    }


def _confidence(found: dict[str, list[int]]) -> dict[str, Any]:
    return {
        "kind": "line",
        "x": {"label": "confidence"},
        "y": {"label": "requests"},
        "at": [(at + 0.5) / BINS for at in range(BINS)],
        "series": [
            {
                "label": name.removesuffix("_confidence"),
                "values": values,
                "tone": tone,
                "points": True,
            }
            for (name, values), tone in zip(found.items(), TONES, strict=True)
        ],
    }
