"""`make demo` as a newcomer runs it: 300 prompts, the official SDK, the real gateway."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def share_of_large(report: str, difficulty: str) -> float:
    """The share of prompts of a difficulty that the large model answered, in [0, 1]."""
    head, row = (
        next(line.split("|")[2:4] for line in report.splitlines() if line.startswith(f"| {name} "))
        for name in ("difficulty", difficulty)
    )
    counts = {model.strip(): int(cell.split()[0]) for model, cell in zip(head, row, strict=True)}
    small, large = counts["sim-small"], counts["sim-large"]
    return large / (small + large)


def test_all_prompts_are_answered_and_the_hard_ones_by_the_large_model(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy/demo/demo.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "300 (0 failed)" in done.stdout
    assert "300 (0 unpriced)" in done.stdout
    # The demo says 0.28 and 0.88; a router that guessed would have them equal.
    assert share_of_large(done.stdout, "hard") > 2 * share_of_large(done.stdout, "easy")
