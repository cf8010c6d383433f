"""From a prompt's views to its latents, and from these to each model's chance of a good answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.ability import Abilities
from classifiers.base import Arrays, Design, FloatArray
from classifiers.encoder import SURFACE, WIDE
from classifiers.latents import Latents


@dataclass(frozen=True, slots=True)
class ResponseModel:
    """Latents of prompts against abilities of models.

    Attributes:
        share: how much of the latents familiar words decide; the prompt's shape decides the rest.
    """

    latents: Latents
    abilities: Abilities
    share: float

    def transform(self, views: Mapping[str, Design], familiar: FloatArray) -> FloatArray:
        """Return latents [n, k] of encoded texts; `familiar` [n] in [0, 1]."""
        trust = np.asarray(self.share * familiar, dtype=np.float32)
        return self.latents.transform(views[WIDE], views[SURFACE], trust)

    def described(self) -> dict[str, Any]:
        """What the manifest says."""
        return {"models": list(self.abilities.names), "share": self.share}

    def arrays(self) -> Arrays:
        """What the artifact must store."""
        return {**self.latents.arrays(), **self.abilities.arrays()}

    @classmethod
    def restore(cls, described: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from what the manifest and the artifact hold."""
        names: Sequence[str] = described["models"]
        latents, abilities = Latents.restore(arrays), Abilities.restore(names, arrays)
        return cls(latents, abilities, float(described["share"]))
