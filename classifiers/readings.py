"""What the heads of a prompt classifier say of encoded texts: all of them by one product where all
are linear, each by itself else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.ability import bounded, expit, logit
from classifiers.base import Design, FloatArray, Head, softmax
from classifiers.calibrate import Calibration
from classifiers.encoder import FULL, SURFACE, Encoder
from classifiers.features import FEATURES
from classifiers.fused import Fused, parts_of
from classifiers.held_out import HeldOut
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


class Found(NamedTuple):
    """What the heads say of n texts: `words` and `shape` [n] are log-odds of complexity."""

    words: FloatArray
    shape: FloatArray
    familiar: FloatArray
    domain: FloatArray
    task: FloatArray
    latents: FloatArray
    abstain: NDArray[np.bool_]


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

    def read(self, encoder: Encoder, texts: Sequence[str]) -> Found:
        """What is said of n texts."""
        if self.fused is None:
            return self._by_parts(encoder.encode(texts))
        return self._at_once(self.fused, encoder.wide(texts))

    def _by_parts(self, views: Mapping[str, Design]) -> Found:
        chances = {
            name: head.predict_proba(views[VIEWS[name]]) for name, head in self.heads.items()
        }
        familiar = chances[FAMILIAR][:, 1]
        responses, novelty = self.extras.responses, self.extras.novelty
        dense = views[FULL].dense
        vectors = dense[:, : dense.shape[1] - len(FEATURES)]
        return Found(
            logit(chances[COMPLEXITY][:, 1]),
            logit(chances[COMPLEXITY_SURFACE][:, 1]),
            familiar,
            chances[DOMAIN],
            chances[TASK],
            dense[:, :0] if responses is None else responses.transform(views, familiar),
            _abstains(familiar, None if novelty is None else novelty.unlike(vectors)),
        )

    def _at_once(self, fused: Fused, wide: Design) -> Found:
        """The same by one product for all."""
        responses, novelty = self.extras.responses, self.extras.novelty
        read = fused.read(wide, len(_ORDER), responses is not None)
        words, shape, knows = (odds[:, 0] for odds in read.odds[:3])
        familiar = expit(knows)
        latents = read.words
        if responses is not None:
            trust = (responses.share * familiar)[:, None]
            latents = trust * read.words + (1 - trust) * read.shape
        unlike = None
        if novelty is not None:
            vectors = wide.dense[:, : fused.vectors]
            unlike = (read.nearness.max(axis=1) < novelty.floor) | ~vectors.any(axis=1)
        domain, task = (_chances(odds) for odds in read.odds[3:])
        words, shape = bounded(words), bounded(shape)
        return Found(words, shape, familiar, domain, task, latents, _abstains(familiar, unlike))


def _abstains(familiar: FloatArray, unlike: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    foreign: NDArray[np.bool_] = familiar < _FAMILIAR
    return foreign if unlike is None else foreign | unlike


def _chances(odds: FloatArray) -> FloatArray:
    """Probabilities of log-odds; one column is that of the second of two classes."""
    if odds.shape[1] == 1:
        odds = np.concatenate([np.zeros_like(odds), odds], axis=1)
    return softmax(odds)
