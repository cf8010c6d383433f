"""The shipped sample: prompts that we wrote, with SIMULATED scores of made-up models.

It shows what `slm-router evaluate` does without any data. Its figures say nothing of real models.
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent
NAME = "sample-simulated"
SHOWN_PAIR = ("simulated-8b", "simulated-70b")


def sample_prompts() -> list[str]:
    """Return the texts of the sample's prompts."""
    lines = (FOLDER / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["prompt"] for line in lines]
