"""A sentence-transformers model as an ONNX graph, run by ONNX Runtime. Needs the extra `onnx`.

The artifact holds the graph itself: what is run are the very bytes that were verified, never a
path, and nothing is fetched. A graph is data: one that points to files, or needs operators of a
library of its own, is refused. Made by `python -m classifiers.export_onnx`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, FloatArray, Options, TokenBatch, unit_rows
from classifiers.errors import ArtifactError, MissingExtraError
from classifiers.sentence_folder import POOLINGS, SentenceFolder
from classifiers.tokens import Tokeniser

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MODEL = "model.onnx"
MAKE = "make one with `python -m classifiers.export_onnx --out DIR` and give it with --model DIR"
_PLACES = (MODEL, f"onnx/{MODEL}")
_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})
# A folder that cannot be: a graph in memory that points to files is to find none.
_NOWHERE = f"{os.devnull}/none"
_SILENT = 4


@dataclass(frozen=True, slots=True)
class Graph:
    """A model as stored: all that an artifact needs to run it again.

    Attributes:
        name: file name that it had.
        content: [bytes] uint8, the ONNX file.
        folder: tokeniser, pooling and limit.
    """

    name: str
    content: NDArray[np.uint8] = field(repr=False)
    folder: SentenceFolder = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class OnnxEmbedder:
    """Runs one graph on the CPU; any number of threads may share it. Build with `open`."""

    kind: ClassVar[str] = "onnx"
    graph: Graph
    dimensions: int
    session: InferenceSession = field(repr=False)
    tokeniser: Tokenizer = field(repr=False)

    @classmethod
    def open(cls, model: str | None) -> Self:
        """Read a sentence-transformers folder with `model.onnx` in it or in its folder `onnx`, or
        such a file itself.

        Raises MissingExtraError without the extra, ArtifactError for a model that is missing or
        cannot be run here.
        """
        path, folder = _located(model)
        try:
            content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
            return cls._of(Graph(path.name, content, SentenceFolder.read(folder)))
        except OSError as error:
            raise ArtifactError(path, f"cannot be read ({error.strerror}); {MAKE}") from error
        except ValueError as error:
            raise ArtifactError(path, f"{error}; {MAKE}") from error

    @classmethod
    def _of(cls, graph: Graph) -> Self:
        """Raises ValueError for a graph that does not turn tokens into one vector each."""
        tokeniser = Tokeniser.from_bytes(graph.folder.tokeniser).engine
        tokeniser.enable_truncation(graph.folder.max_tokens)
        session = _session(graph.content.tobytes())
        strange = {each.name for each in session.get_inputs()} - _INPUTS
        if strange:
            raise ValueError(f"the ONNX model asks for {', '.join(sorted(strange))}")
        dimensions = _token_vectors(session, tokeniser.encode("a").ids).shape[1]
        return cls(graph, dimensions, session, tokeniser)

    def embed(self, batch: TokenBatch) -> FloatArray:
        """Return unit vectors [n, dimensions]; zero for a text without tokens.

        One text a run: int8 activations share one scale per run, so a text's vector would depend
        on its company; and padding, which costs as much as text, is not needed.
        """
        rows = np.zeros((len(batch.texts), self.dimensions), dtype=np.float32)
        for row, found in enumerate(self.tokeniser.encode_batch_fast(list(batch.texts))):
            if not all(found.special_tokens_mask):
                rows[row] = self._pooled(_token_vectors(self.session, found.ids))
        return unit_rows(rows)

    def _pooled(self, vectors: FloatArray) -> FloatArray:
        match self.graph.folder.pooling:
            case "cls":
                found = vectors[0]
            case "lasttoken":
                found = vectors[-1]
            case "max":
                found = vectors.max(axis=0)
            case _:
                found = vectors.mean(axis=0)
        result: FloatArray = found
        return result

    def options(self) -> Options:
        """The model's file name and SHA-256, and what is done around it."""
        return {
            "model": self.graph.name,
            "sha256": _sha256(self.graph.content),
            "pooling": self.graph.folder.pooling,
            "max_tokens": self.graph.folder.max_tokens,
        }

    def arrays(self) -> Arrays:
        """The model and its tokeniser, as bytes."""
        tokeniser = np.frombuffer(self.graph.folder.tokeniser, dtype=np.uint8)
        return {"model": self.graph.content, "tokeniser": tokeniser}

    @classmethod
    def restore(cls, options: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the artifact. Raises ValueError when its model is not the one it names."""
        name = str(options["model"])
        if "model" not in arrays or "tokeniser" not in arrays:
            raise ValueError(f"{name} or its tokeniser is missing")
        content = np.ascontiguousarray(arrays["model"], dtype=np.uint8)
        if _sha256(content) != options["sha256"]:
            raise ValueError(f"the SHA-256 of {name} is not the one that was trained with")
        if options["pooling"] not in POOLINGS:
            raise ValueError(f"pools by {options['pooling']}")
        tokeniser = arrays["tokeniser"].astype(np.uint8).tobytes()
        folder = SentenceFolder(tokeniser, options["pooling"], int(options["max_tokens"]))
        return cls._of(Graph(name, content, folder))


def _sha256(content: NDArray[np.uint8]) -> str:
    return hashlib.sha256(content.data).hexdigest()


def _located(model: str | None) -> tuple[Path, Path]:
    """Return the ONNX file and the folder that describes it."""
    if model is None:
        raise ArtifactError(Path(MODEL), f"the embedder {OnnxEmbedder.kind} has no default: {MAKE}")
    path = Path(model)
    if path.is_dir():
        found = next((path / place for place in _PLACES if (path / place).exists()), path / MODEL)
        return found, path
    return path, path.parent.parent if path.parent.name == "onnx" else path.parent


def _token_vectors(session: InferenceSession, ids: list[int]) -> FloatArray:
    """Return [tokens, d] of one text; raises ValueError when the graph cannot take it."""
    given = np.array([ids], dtype=np.int64)
    known = {
        "input_ids": given,
        "attention_mask": np.ones_like(given),
        "token_type_ids": np.zeros_like(given),
    }
    feed = {each.name: known[each.name] for each in session.get_inputs()}
    try:
        found: FloatArray = np.asarray(session.run(None, feed)[0], dtype=np.float32)
    except _refusals() as error:
        raise ValueError(f"the ONNX model does not run ({_first_line(error)})") from error
    if found.ndim != 3 or found.shape[:2] != given.shape:
        raise ValueError("the ONNX model's first output is not one vector per token")
    vectors: FloatArray = found[0]
    return vectors


def _session(content: bytes) -> InferenceSession:
    """Return a session on the CPU; raises ValueError for what is not a graph of plain operators."""
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = _SILENT  # what goes wrong is raised
    options.enable_mem_pattern = False  # made for inputs of one length
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", _NOWHERE
    )
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _refusals() as error:
        raise ValueError(f"the ONNX model is refused ({_first_line(error)})") from error


def threads() -> int:
    """Return how many threads one text may take: OMP_NUM_THREADS, else 1.

    One by default because a gateway judges several prompts at once.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return max(int(asked), 1) if asked.isdecimal() else 1


def _runtime() -> ModuleType:
    # Official builds of onnxruntime report their use to Microsoft, and keep an identifier of the
    # device in the user's cache, unless told before they are loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "onnx") from error
    module: ModuleType = onnxruntime
    return module


def _refusals() -> tuple[type[Exception], ...]:
    """Return what onnxruntime raises for a graph; its errors have no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    kinds = (each for each in vars(state).values() if isinstance(each, type))
    return tuple(kind for kind in kinds if issubclass(kind, Exception))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
