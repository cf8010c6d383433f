"""What a sentence-transformers folder says of its model: tokeniser, limit, pooling.

Only read, never run: JSON in, values out. What the embedder would do otherwise than the model's
makers meant is refused here rather than guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from classifiers.errors import ArtifactError

TOKENISER, MODULES, TRANSFORMER, TOKENISER_CONFIG, MODEL = (
    "tokenizer.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "config.json",
)
READ = (TOKENISER, MODULES, TRANSFORMER, TOKENISER_CONFIG, MODEL)
POOLINGS = ("mean", "cls", "max", "lasttoken")
_KNOWN_MODULES = ("Transformer", "Pooling", "Normalize")
_LIMITS = (
    (TRANSFORMER, "max_seq_length"),
    (TOKENISER_CONFIG, "model_max_length"),
    (MODEL, "max_position_embeddings"),
)
_USUAL_LIMIT = 512  # of BERT and its kin, where a folder names none
_MARK = "pooling_mode_"


@dataclass(frozen=True, slots=True)
class SentenceFolder:
    """How texts become the model's input and token vectors become one.

    Attributes:
        tokeniser: the bytes of `tokenizer.json`.
        pooling: one of POOLINGS.
        max_tokens: longest input, special tokens included.
    """

    tokeniser: bytes
    pooling: str
    max_tokens: int

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder. Raises ArtifactError naming the file that is missing or asks for more."""
        try:
            tokeniser = (folder / TOKENISER).read_bytes()
        except OSError as error:
            problem = f"cannot be read ({error.strerror}); it lies beside a fast tokeniser's model"
            raise ArtifactError(folder / TOKENISER, problem) from error
        try:
            return cls(tokeniser, _pooling(folder), _limit(folder))
        except (AttributeError, TypeError) as error:
            raise ArtifactError(
                folder, f"its JSON is not laid out as such a folder's ({error})"
            ) from error


def _limit(folder: Path) -> int:
    found = [_json(folder / file).get(key) for file, key in _LIMITS]
    # Some tokenisers say 1e30 for "none".
    whole = [int(each) for each in found if isinstance(each, int | float) and 2 < each < 1e6]
    return min(whole, default=_USUAL_LIMIT)


def _pooling(folder: Path) -> str:
    """Return the pooling that `modules.json` leads to; a bare transformer is averaged, as there."""
    modules = _json(folder / MODULES) or []
    kinds = {str(module.get("type", "")).rpartition(".")[2]: module for module in modules}
    strange = set(kinds) - set(_KNOWN_MODULES)
    if strange:
        problem = f"has modules that are not known here: {', '.join(sorted(strange))}"
        raise ArtifactError(folder / MODULES, problem)
    if "Pooling" not in kinds:
        return "mean"
    path = folder / str(kinds["Pooling"].get("path", "")) / MODEL
    described = _json(path)
    named = described.get("pooling_mode") or _flagged(described)
    if named not in POOLINGS:
        raise ArtifactError(path, f"pools by {named}, not by one of {', '.join(POOLINGS)}")
    return str(named)


def _flagged(described: Mapping[str, Any]) -> str:
    """Return the pooling of a file that has one switch per kind."""
    on = [key.removeprefix(_MARK) for key, value in described.items() if value is True]
    names = {"mean_tokens": "mean", "cls_token": "cls", "max_tokens": "max"}
    return " and ".join(names.get(key, key) for key in on if key != "include_prompt") or "nothing"


def _json(path: Path) -> Any:
    """Return a file's content, empty when there is no such file."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ArtifactError(path, f"cannot be read as JSON ({error})") from error
