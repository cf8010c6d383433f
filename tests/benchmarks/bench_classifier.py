"""How long judging a prompt takes: `python tests/benchmarks/bench_classifier.py`.

Prints the median for a 400-token prompt on one core, as a ratio to tokenising the same prompt in
the same run, so that figures from different machines can be compared.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from classifiers.catalog_classifier import CatalogClassifier  # noqa: E402 - after the thread limits
from classifiers.gap import Everyday  # noqa: E402
from classifiers.prompt_classifier import PromptClassifier  # noqa: E402
from classifiers.roster import Member, Roster  # noqa: E402

TOKENS = 400
LIMIT_MS = 2.0
MODELS = 10
LAW = (("law", 0.5),)
ROUNDS = 500


def prompt_of(classifier: PromptClassifier, tokens: int) -> str:
    """Natural English and maths, cut to about the given number of tokens."""
    stored = ROOT / "tests" / "classifiers" / "natural_prompts.json"
    text = " ".join(json.loads(stored.read_text(encoding="utf-8"))["hard"])
    length = len(classifier.encoder.tokeniser.batch([text]).ids[0])
    return text[: round(len(text) * tokens / length)]


def median_ms(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median wall time of one call in milliseconds, after a warm-up."""
    for _ in range(20):
        act()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return 1000 * median(taken)


def with_models(classifier: PromptClassifier, count: int) -> CatalogClassifier:
    """The classifier for a catalog of models that nobody has measured: the most work."""
    members = [Member(f"model-{n}", 0.5 + 0.4 * n / count, domains=LAW) for n in range(count)]
    pair = (members[0].name, members[-1].name)
    return CatalogClassifier(
        classifier, Roster.of(classifier, members, pair, Everyday.of(classifier))
    )


def resident_mb() -> float:
    """Resident memory of this process in MB; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> int:
    """Print the figures; the exit status is 1 when the limit is missed."""
    before = resident_mb()
    start = time.perf_counter()
    classifier = PromptClassifier.load()
    loaded_ms = 1000 * (time.perf_counter() - start)
    prompt = prompt_of(classifier, TOKENS)
    tokeniser = classifier.encoder.tokeniser
    for_catalog = with_models(classifier, MODELS)
    judge, foresee, tokenise = (
        median_ms(lambda: classifier.judge([prompt])),
        median_ms(lambda: for_catalog.judge([prompt])),
        median_ms(lambda: tokeniser.batch([prompt])),
    )
    many = [prompt[place : place + 200] for place in range(0, 1000, 5)]
    each = median_ms(lambda: classifier.judge(many), rounds=10) / len(many)
    found = {
        "artifact": classifier.manifest.version,
        "tokens": len(tokeniser.batch([prompt]).ids[0]),
        "judge_ms": round(judge, 3),
        "tokenise_ms": round(tokenise, 3),
        "ratio_to_tokenising": round(judge / tokenise, 2),
        f"ratio_with_{MODELS}_models_foreseen": round(foresee / judge, 2),
        "short_prompts_per_second": round(1000 / each),
        "load_ms": round(loaded_ms, 1),
        "rss_added_mb": round(resident_mb() - before, 1),
        "limit_ms": LIMIT_MS,
    }
    print(json.dumps(found, indent=2))
    return int(foresee > LIMIT_MS)


if __name__ == "__main__":
    raise SystemExit(main())
