"""Any sentence-transformers model, by name or path. Needs the extra `sentence-transformers`.

More accurate than static vectors and hundreds of times slower: a choice for those with a GPU or
time to spare. The artifact stores the model's name only, so the model must be there when served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, FloatArray, Options, TokenBatch, unit_rows
from classifiers.errors import ArtifactError, MissingExtraError
from classifiers.minilm import NAME, packaged_minilm

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
    def open(cls, model: str | None) -> Self:
        """Load a model by name (the hub is asked for one that is not here yet) or folder.

        None means the packaged weights of all-MiniLM-L6-v2; that name means them too where they
        are installed. Raises MissingExtraError without the extra or that package, ArtifactError
        for a model that cannot be loaded.
        """
        if model is None:
            return cls._load(NAME, packaged_minilm(), local=True)
        return cls._load(model, _source(model), local=False)

    @classmethod
    def _load(cls, name: str, source: str, local: bool) -> Self:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingExtraError("sentence-transformers", EXTRA) from error
        try:
            model = SentenceTransformer(source, local_files_only=local)
        except (OSError, ValueError) as error:
            raise ArtifactError(Path(name), f"cannot be loaded ({error})") from error
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
        """Load the model that the manifest names; one that is not here is not fetched."""
        name = str(options["model"])
        return cls._load(name, _source(name), local=True)


def _source(name: str) -> str:
    """Return where a model lies: in the installed package, or wherever its name leads."""
    if name != NAME:
        return name
    try:
        return packaged_minilm()
    except MissingExtraError:
        return name
