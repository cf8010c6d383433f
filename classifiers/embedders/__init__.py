"""Every embedder by the name that manifests and `--embedder` use."""

from __future__ import annotations

from classifiers.base import Embedder
from classifiers.embedders.hashing import HashingEmbedder
from classifiers.embedders.onnx import OnnxEmbedder
from classifiers.embedders.sentence_transformer import SentenceTransformerEmbedder
from classifiers.embedders.static import StaticEmbedder

EMBEDDERS: dict[str, type[Embedder]] = {
    StaticEmbedder.kind: StaticEmbedder,
    OnnxEmbedder.kind: OnnxEmbedder,
    SentenceTransformerEmbedder.kind: SentenceTransformerEmbedder,
    HashingEmbedder.kind: HashingEmbedder,
}
