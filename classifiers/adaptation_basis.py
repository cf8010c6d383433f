"""What a user's prompts look like to a latent, in few numbers: the directions in which they differ.

A latent is linear in a prompt's words as far as they are familiar, and in its shape for the rest
(`latents.py`). The features here are exactly those, so that what is learned of them is served
without any new code. With a ridge penalty only the directions that the prompts span matter: the
principal ones of their inner products (kernel PCA; Schölkopf et al., 1998) lose nothing for few
prompts and little for many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Design, FloatArray
from classifiers.encoder import SURFACE, WIDE
from classifiers.heads.linear import as_matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
DIRECTIONS = 300
_LANDMARKS = 2000  # prompts that span the directions; more cost cubically
# How much each block of features may say; chosen on prompts of tables held out of the classifier.
_EMBEDDING, _FEATURES, _SHAPE = 2.0**0.5, 0.1**0.5, 0.02**0.5


@dataclass(frozen=True, slots=True)
class Traits:
    """n prompts as latents read them.

    Attributes:
        words: [n, d + width] scipy rows of the wide view, times the share that words have.
        shape: [n, s] of the surface view, times the rest.
        scale: [d + width] what the columns of `words` were multiplied by.
    """

    words: csr_matrix
    shape: Floats
    scale: Floats

    @classmethod
    def of(cls, views: Mapping[str, Design], trust: FloatArray, embedding: int) -> Traits:
        """Read encoded prompts; `trust` [n] is the share of the words, `embedding` the width of
        the embedder's part of the wide view."""
        from scipy.sparse import csr_matrix, diags_array

        wide = csr_matrix(as_matrix(views[WIDE]))
        scale = np.ones(wide.shape[1])
        scale[: views[WIDE].dense.shape[1]] = _FEATURES
        scale[:embedding] = _EMBEDDING
        words = csr_matrix(diags_array(trust.astype(float)) @ wide @ diags_array(scale))
        shape = (1 - trust.astype(float))[:, None] * views[SURFACE].dense * _SHAPE
        return cls(words, shape, scale)

    @classmethod
    def joined(cls, parts: Sequence[Traits]) -> Traits:
        """Return the prompts of all parts, in order."""
        from scipy.sparse import csr_matrix, vstack

        words = csr_matrix(vstack([part.words for part in parts]))
        return cls(words, np.concatenate([part.shape for part in parts]), parts[0].scale)

    def rows(self, kept: NDArray[Any]) -> Traits:
        """Return the chosen prompts."""
        return Traits(self.words[kept], self.shape[kept], self.scale)

    def products(self, other: Traits) -> Floats:
        """Return inner products [n, n of other]."""
        result: Floats = (self.words @ other.words.T).toarray() + self.shape @ other.shape.T
        return result


@dataclass(frozen=True, slots=True)
class Basis:
    """The principal directions of some prompts.

    Attributes:
        rows: [n, r] each prompt along each direction.
        landmarks: the prompts that span them; mixing: [landmarks, r] how.
    """

    rows: Floats
    landmarks: Traits
    mixing: Floats

    @classmethod
    def of(cls, traits: Traits, seed: int) -> Basis:
        """Find at most DIRECTIONS directions; no label is looked at."""
        from scipy.linalg import eigh

        n = traits.shape.shape[0]
        draw = np.random.default_rng(seed)
        chosen = np.arange(n) if n <= _LANDMARKS else np.sort(draw.choice(n, _LANDMARKS, False))
        landmarks = traits.rows(chosen)
        count = len(chosen)
        kept = (max(0, count - DIRECTIONS), count - 1)
        values, vectors = eigh(landmarks.products(landmarks), subset_by_index=kept)
        real = values > 1e-6 * values[-1]
        mixing = vectors[:, real] / np.sqrt(values[real])
        return cls(traits.products(landmarks) @ mixing, landmarks, mixing)

    def coefficients(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return what `Latents.of` takes for weights [r, q] of the directions: coefficients
        [d + width, q] of the words and [1 + s, q] of the shape (intercept 0)."""
        mixed = self.mixing @ weights
        words = np.asarray(self.landmarks.words.T @ mixed) * self.landmarks.scale[:, None]
        shape = self.landmarks.shape.T @ mixed * _SHAPE
        return words, np.concatenate([np.zeros((1, weights.shape[1])), shape])
