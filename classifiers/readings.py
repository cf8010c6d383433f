"""What the heads of a prompt classifier say of encoded texts: all of them by two products where all
are linear, each by itself else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from classifiers.ability import bounded, chance, logit
from classifiers.base import Design, FloatArray, Head
from classifiers.calibrate import Calibration
from classifiers.encoder import FULL, SURFACE, Encoder
from classifiers.features import FEATURES
from classifiers.fused import Fused, Read, parts_of
from classifiers.held_out import HeldOut
from classifiers.latents import Blend
from classifiers.novelty import Novelty
from classifiers.response_model import ResponseModel

COMPLEXITY, COMPLEXITY_SURFACE = "complexity", "complexity_surface"
DOMAIN, TASK, FAMILIAR = "domain", "task", "familiar"
VIEWS = {
    COMPLEXITY: FULL,
    COMPLEXITY_SURFACE: SURFACE,
    DOMAIN: FULL,
    TASK: FULL,
    FAMILIAR: FULL,
}
_ORDER = (COMPLEXITY, COMPLEXITY_SURFACE, FAMILIAR, DOMAIN, TASK)
_TINY = 1e-30  # a chance of nothing, whose logarithm is still a number
_FAMILIAR = 0.4  # less and it counts as another language; of short English, fewer than at 0.5


@dataclass(frozen=True, slots=True)
class CalibratedHead:
    """A fitted head with the calibration of its scores."""

    head: Head
    calibration: Calibration

    def predict_proba(self, X: Design) -> FloatArray:
        """Return calibrated probabilities [n, len(head.classes_)]."""
        return self.calibration.apply(self.head.decision_function(X))


@dataclass(frozen=True, slots=True)
class Extras:
    """What an artifact may hold beside its heads.

    Attributes:
        responses: chances per model; None when it was trained without scores per model.
        novelty: what it was calibrated on; None means it abstains for language alone.
        held_out: of an adapted one, what it foresaw of the prompts that taught it.
    """

    responses: ResponseModel | None = None
    novelty: Novelty | None = None
    held_out: HeldOut | None = None


NO_EXTRAS = Extras()


class Said(Struct, frozen=True):
    """What the heads say of one text: `words` and `shape` are log-odds of complexity, `domain` and
    `task` [k] those of all classes, whose softmax are their chances."""

    words: float
    shape: float
    familiar: float
    domain: list[float]
    task: list[float]
    abstain: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """The heads and extras of a classifier, put together once."""

    heads: Mapping[str, CalibratedHead]
    extras: Extras
    fused: Fused | None

    @classmethod
    def of(cls, heads: Mapping[str, CalibratedHead], extras: Extras) -> Self:
        """Fuse what can be."""
        parts = parts_of(heads, VIEWS, _ORDER)
        latents = None if extras.responses is None else extras.responses.latents
        fused = parts and Fused.of(parts, latents, extras.novelty, len(FEATURES))
        return cls(heads, extras, fused or None)

    def read(self, encoder: Encoder, texts: Sequence[str]) -> tuple[list[Said], Blend]:
        """What is said of n texts, and their latents; none without a response model."""
        if self.fused is None:
            return self._by_parts(encoder.encode(texts))
        return self._at_once(self.fused, encoder.crossed(texts))

    def _by_parts(self, views: Mapping[str, Design]) -> tuple[list[Said], Blend]:
        chances = {
            name: head.predict_proba(views[VIEWS[name]]) for name, head in self.heads.items()
        }
        familiar = chances[FAMILIAR][:, 1]
        responses, novelty = self.extras.responses, self.extras.novelty
        dense = views[FULL].dense
        vectors = dense[:, : dense.shape[1] - len(FEATURES)]
        foreign: NDArray[np.bool_] = familiar < _FAMILIAR
        said = zip(
            logit(chances[COMPLEXITY][:, 1]).tolist(),
            logit(chances[COMPLEXITY_SURFACE][:, 1]).tolist(),
            familiar.tolist(),
            np.log(np.maximum(chances[DOMAIN], _TINY)).tolist(),
            np.log(np.maximum(chances[TASK], _TINY)).tolist(),
            (foreign if novelty is None else foreign | novelty.unlike(vectors)).tolist(),
            strict=True,
        )
        latents = dense[:, :0] if responses is None else responses.transform(views, familiar)
        return [Said(*row) for row in said], Blend.of(latents)

    def _at_once(self, fused: Fused, crossed: Design) -> tuple[list[Said], Blend]:
        """The same by two products for all. Plain numbers from there on: on those of one prompt
        numpy's calls take longer than all that is done with them."""
        read = fused.read(crossed)
        known, domains, tasks = fused.ends[2:5]
        said = []
        for row, unlike in zip(read.odds, self._on_new_ground(read), strict=True):
            familiar = chance(row[known - 1])
            said.append(
                Said(
                    bounded(row[0]),
                    bounded(row[1]),
                    familiar,
                    _of_each_class(row[known:domains]),
                    _of_each_class(row[domains:tasks]),
                    familiar < _FAMILIAR or unlike,
                )
            )
        responses = self.extras.responses
        share = 1.0 if responses is None else responses.share
        return said, Blend(read.sides, [share * one.familiar for one in said])

    def _on_new_ground(self, read: Read) -> list[bool]:
        novelty = self.extras.novelty
        if novelty is None:
            return [False] * len(read.odds)
        # No vector at all, of a text without tokens, is as near to each centroid: not at all.
        return [near < novelty.floor or near == 0 for near in read.nearness.max(axis=1).tolist()]


def _of_each_class(odds: list[float]) -> list[float]:
    """The log-odds of each class; a single column is that of the second of two."""
    return odds if len(odds) > 1 else [0.0, *odds]
