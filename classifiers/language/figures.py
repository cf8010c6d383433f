"""What the card says of an identifier: accuracy by kind of text, calibration, and mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import curves
from classifiers.curves import Estimate
from classifiers.dataset import Row
from classifiers.language.identifier import UNDETERMINED, LanguageIdentifier

_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.99, 1.0)
_MISTAKES = 40


def measured(
    identifier: LanguageIdentifier, rows: Sequence[Row], prompts: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return every figure of the card, ready for a manifest.

    `rows` have `text`, `kind` and `lang` (in the identifier's codes); `prompts` are in English, by
    where they come from.
    """
    kinds = sorted({row["kind"] for row in rows})
    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in kinds}
    found = {kind: _of_kind(identifier, group) for kind, group in by_kind.items()}
    english = {name: _english(identifier, texts) for name, texts in prompts.items()}
    return {"kinds": found, "english": english, "confidence": _by_confidence(identifier, rows)}


def _of_kind(identifier: LanguageIdentifier, rows: Sequence[Row]) -> dict[str, Any]:
    truth = np.array([row["lang"] for row in rows])
    likely = identifier.probabilities([row["text"] for row in rows])
    names = np.array(identifier.languages)
    best = names[likely.argmax(axis=1)]
    told = np.array([one.language for one in identifier.identify([row["text"] for row in rows])])
    mistakes = Counter(
        (right, wrong) for right, wrong in zip(truth, best, strict=True) if right != wrong
    )
    return {
        "n": len(rows),
        "likeliest": _estimate((best == truth).astype(float)),
        "told": _estimate((told == truth).astype(float)),
        "undetermined": float((told == UNDETERMINED).mean()),
        "by_language": {
            str(code): float((best == truth)[truth == code].mean()) for code in np.unique(truth)
        },
        "mistakes": [[*map(str, pair), count] for pair, count in mistakes.most_common(_MISTAKES)],
    }


def _english(identifier: LanguageIdentifier, texts: Sequence[str]) -> dict[str, Any]:
    told = np.array([one.language for one in identifier.identify(texts)])
    return {
        "n": len(texts),
        "english": _estimate((told == "en").astype(float)),
        "undetermined": float((told == UNDETERMINED).mean()),
    }


def _by_confidence(identifier: LanguageIdentifier, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """How often the likeliest language is right, by its probability; all kinds alike."""
    likely = identifier.probabilities([row["text"] for row in rows])
    right = np.array(identifier.languages)[likely.argmax(axis=1)] == [row["lang"] for row in rows]
    sure = likely.max(axis=1)
    places = np.clip(np.searchsorted(_BINS, sure, side="right") - 1, 0, len(_BINS) - 2)
    return [
        {
            "from": _BINS[place],
            "to": _BINS[place + 1],
            "n": int((places == place).sum()),
            "said": float(sure[places == place].mean()),
            "right": float(right[places == place].mean()),
        }
        for place in np.unique(places)
    ]


def _estimate(hits: NDArray[Any]) -> dict[str, float]:
    share = partial(curves.bootstrap, lambda some: float(some.mean()), rounds=1000, seed=0)
    found: Estimate = share(hits)
    return asdict(found)
