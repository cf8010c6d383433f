"""What each embedder costs: `python tests/benchmarks/bench_embedders.py [--onnx DIR]`.

Milliseconds of processor time on one thread, tokenising included, for a short and a long prompt,
as a ratio to the static embedder in the same process: these machines are shared and their speed
drifts. Each embedder has a process of its own, so that memory is its own. How well each judges:
`embedder_quality.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).parents[2]))

from classifiers import artifact, export_onnx
from classifiers.embedders import EMBEDDERS
from classifiers.errors import MissingExtraError
from classifiers.minilm import packaged_minilm
from classifiers.prompt_classifier import PRETRAINED, TOKENISER, VECTORS
from classifiers.tokens import Tokeniser
from tests.benchmarks.bench_classifier import ROOT, resident_mb

SHORT_CHARACTERS, LONG_TOKENS = 90, 400
ROUNDS, CALLS = 5, 10


def prompts(tokeniser: Tokeniser) -> dict[str, str]:
    """Natural English and maths of two lengths."""
    stored = ROOT / "tests" / "classifiers" / "natural_prompts.json"
    text = " ".join(json.loads(stored.read_text(encoding="utf-8"))["hard"])
    length = len(tokeniser.batch([text]).ids[0])
    return {
        f"{SHORT_CHARACTERS} characters": text[:SHORT_CHARACTERS],
        f"{LONG_TOKENS} tokens": text[: round(len(text) * LONG_TOKENS / length)],
    }


def compared(act: Callable[[], object], baseline: Callable[[], object]) -> tuple[float, float]:
    """Return (median ms of a call, median ratio to the baseline), both taken in turn."""
    taken, ratios = [], []
    for _ in range(ROUNDS + 1):
        ours, theirs = _seconds(act, CALLS), _seconds(baseline, CALLS * 10)
        taken.append(1000 * ours)
        ratios.append(ours / theirs)
    return median(taken[1:]), median(ratios[1:])


def _seconds(act: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        act()
    return (time.process_time() - start) / calls


def measure(kind: str, model: str | None) -> dict[str, object]:
    """Return the costs of one embedder in this process."""
    tokeniser = Tokeniser.from_bytes((PRETRAINED / TOKENISER).read_bytes())
    before, start = resident_mb(), time.perf_counter()
    embedder = EMBEDDERS[kind].open(model)
    loaded = time.perf_counter() - start
    found: dict[str, object] = {"dimensions": embedder.dimensions, "load_s": round(loaded, 2)}
    texts = prompts(tokeniser)
    for text in texts.values():
        embedder.embed(tokeniser.batch([text]))
    found["rss_added_mb"] = round(resident_mb() - before)
    rest = sum(path.stat().st_size for path in PRETRAINED.glob("*") if path.name != VECTORS)
    found["artifact_mb"] = round((rest + len(artifact.pack(embedder.arrays()))) / 1e6, 1)
    static = EMBEDDERS["static"].open(None)
    for name, text in texts.items():
        ms, ratio = compared(
            lambda text=text: embedder.embed(tokeniser.batch([text])),  # type: ignore[misc]
            lambda text=text: static.embed(tokeniser.batch([text])),  # type: ignore[misc]
        )
        found[name] = {"ms": round(ms, 3), "times_static": round(ratio, 1)}
    return found


def main() -> int:
    """Print one JSON object: embedder -> costs, or why it was left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onnx", default=None, help="folder that export_onnx wrote; else made")
    parser.add_argument("--only", default=None, choices=EMBEDDERS, help="in this process")
    given = parser.parse_args()
    if given.only:
        print(json.dumps(measure(given.only, given.onnx if given.only == "onnx" else None)))
        return 0
    with tempfile.TemporaryDirectory() as made:
        found = {kind: _apart(kind, given.onnx, Path(made)) for kind in EMBEDDERS}
    print(json.dumps(found, indent=2))
    return 0


def _apart(kind: str, onnx: str | None, made: Path) -> object:
    """Measure in a fresh process."""
    asked = [sys.executable, __file__, "--only", kind]
    try:
        if kind == "onnx":
            if onnx is None:
                export_onnx.export(packaged_minilm(), made)
            asked += ["--onnx", onnx or str(made)]
    except MissingExtraError as error:
        return {"left_out": str(error)}
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"left_out": done.stderr.strip().splitlines()[-1]}
    result: object = json.loads(done.stdout)
    return result


if __name__ == "__main__":
    raise SystemExit(main())
