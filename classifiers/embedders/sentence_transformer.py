"""Any sentence-transformers model, by name or path. Needs the extra `sentence-transformers`.

More accurate than static vectors and hundreds of times slower: a choice for those with a GPU or
time to spare. The artifact stores the model's name only, so the model must be there when served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, FloatArray, Options, TokenBatch, unit_rows
from classifiers.errors import MissingExtraError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

EXTRA = "sentence-transformers"


@dataclass(frozen=True, slots=True)
class SentenceTransformerEmbedder:
    """Wraps one loaded model; `name` is its Hugging Face name or a folder."""

    kind: ClassVar[str] = "sentence_transformer"
    name: str
    dimensions: int
    model: SentenceTransformer = field(repr=False, compare=False)

    @classmethod
    def open(cls, name: str) -> Self:
        """Load a model. Raises MissingExtraError without the extra, OSError without the model."""
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtraError("sentence-transformers", EXTRA) from error
        model = SentenceTransformer(name)
        # The method that says this was renamed between versions; a vector always knows its length.
        dimensions = int(np.asarray(model.encode(["a"], show_progress_bar=False)).shape[1])
        return cls(name, dimensions, model)

    def embed(self, batch: TokenBatch) -> FloatArray:
        """Return unit vectors [n, dimensions]; zero for a text without tokens."""
        if not batch.texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        rows = np.asarray(self.model.encode(list(batch.texts), show_progress_bar=False))
        rows = rows * np.array([[float(len(ids) > 0)] for ids in batch.ids])
        return unit_rows(rows)

    def options(self) -> Options:
        """The model's name."""
        return {"model": self.name}

    def arrays(self) -> Arrays:
        """Nothing is stored: the weights stay where the model lives."""
        return {}

    @classmethod
    def restore(cls, options: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Load the model that the manifest names."""
        return cls.open(str(options["model"]))
