"""How many short prompts a second `slm-router classify` takes on one core, and what takes them:
`python tests/benchmarks/bench_classify.py`.

Seconds are of processor time, for these machines are shared; ratios are to tokenising the same
prompts in the same run, so that machines can be compared.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from classifiers.language.identifier import LanguageIdentifier  # noqa: E402 - after the limits
from classifiers.prompt_classifier import PromptClassifier  # noqa: E402
from classifiers.sample import sample_prompts  # noqa: E402
from router.cli.classified import Judge  # noqa: E402
from router.cli.classify import BATCH  # noqa: E402

ROUNDS = 9
TARGET = 5_000
"""Prompts a second with everything on, on a core that nobody else uses."""


def batches(prompts: list[str]) -> Iterator[list[str]]:
    """The prompts as `classify` takes them."""
    for place in range(0, len(prompts), BATCH):
        yield prompts[place : place + BATCH]


def per_second(act: Callable[[list[str]], object], prompts: list[str]) -> float:
    """Median rate over all prompts on one core, after a warm-up."""
    taken = []
    for _ in range(ROUNDS + 1):
        start = time.process_time()
        for batch in batches(prompts):
            act(batch)
        taken.append(time.process_time() - start)
    return len(prompts) / median(taken[1:])


def main() -> int:
    """Print the rates; the exit status is 1 when all together are slower than the target."""
    classifier = PromptClassifier.load()
    prompts = [text for text in sample_prompts() if len(text) <= 200]
    lines = {text: json.dumps({"prompt": text}).encode() for text in prompts}

    def through(judge: Judge) -> Callable[[list[str]], object]:
        return lambda batch: judge.judge([(0, lines[text]) for text in batch])

    tokenised = per_second(classifier.encoder.tokeniser.batch, prompts)
    rates = {
        "learned alone": per_second(classifier.judge, prompts),
        "language alone": per_second(LanguageIdentifier.load().identify, prompts),
        "classify, learned only": per_second(
            through(Judge(classifier, language=False, pii=False)), prompts
        ),
        "classify with pii": per_second(through(Judge(classifier, language=False)), prompts),
        "classify with language": per_second(through(Judge(classifier, pii=False)), prompts),
        "classify, everything": per_second(through(Judge(classifier)), prompts),
    }
    found = {
        "prompts": len(prompts),
        "mean_characters": round(sum(map(len, prompts)) / len(prompts)),
        "tokenised_per_second": round(tokenised),
        **{
            name: {"per_second": round(rate), "tokenising_is_faster_by": round(tokenised / rate, 1)}
            for name, rate in rates.items()
        },
        "target": TARGET,
    }
    print(json.dumps(found, indent=2))
    return int(rates["classify, everything"] < TARGET)


if __name__ == "__main__":
    raise SystemExit(main())
