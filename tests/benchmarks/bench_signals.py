"""What each signal costs: python -m tests.benchmarks.bench_signals

Prints the median of one extraction in microseconds for a prompt of about 400 tokens, and how many
times as long that is as splitting the same text into words, which makes machines comparable. The
request is made anew each time, so that nothing is remembered of it.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from classifiers.prompt_classifier import PromptClassifier
from router.core.request import RoutedRequest, Turn
from router.core.tokens import estimated_tokens
from router.identifier import shipped_identifier
from router.signals import SIGNALS, build
from router.signals.learned import Classifier

SENTENCE = (
    "Our team runs a small shop for bicycles, and every spring the same question comes up: should "
    "we repair the old rental bikes once more, or sell them and buy new ones with a loan? "
)
CLEAN = SENTENCE * 8
PRIVATE = CLEAN + "Write to jane@doe.org or call +44 20 7946 0958."
ROUNDS = 300
OPTIONS = {
    "keywords": SIGNALS["keywords"].options.model_validate(
        {"urgent": {"any": ["asap", "urgent", "as soon as possible"], "regex": [r"\bNDA\b"]}}
    )
}


async def median_us(work: Callable[[], Awaitable[object]]) -> float:
    """Median time of `work` in microseconds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1e6


async def _splitting() -> object:
    return CLEAN.split()


async def measure(classifier: Classifier) -> dict[str, float]:
    """Median microseconds of the baseline, of each signal, and of privacy where it finds some."""
    signals = build(None, OPTIONS, classifier, shipped_identifier())

    def extracting(kind: str, text: str) -> Callable[[], Awaitable[object]]:
        return lambda: signals[kind].extract(RoutedRequest("auto", (Turn("user", text),)))

    found = {"str.split": await median_us(_splitting)}
    for kind in signals:
        await extracting(kind, CLEAN)()
        found[kind] = await median_us(extracting(kind, CLEAN))
    await extracting("privacy", PRIVATE)()
    found["privacy, with private data"] = await median_us(extracting("privacy", PRIVATE))
    return found


def main() -> None:
    """Measure and print."""
    found = asyncio.run(measure(PromptClassifier.load()))
    baseline = found["str.split"]
    print(f"one prompt of {len(CLEAN)} characters, about {estimated_tokens(CLEAN)} tokens\n")
    print(f"{'signal':28} {'median us':>10} {'x str.split':>12}")
    for name, taken in found.items():
        print(f"{name:28} {taken:10.1f} {taken / baseline:12.1f}")


if __name__ == "__main__":
    main()
