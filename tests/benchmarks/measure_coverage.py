"""What the intervals of `router/evidence` cover: python -m tests.benchmarks.measure_coverage

The table of docs/savings-intervals.md; 1,000 runs a line, so chance moves a share by 0.7 points.
"""

from collections.abc import Iterator

import numpy as np

from router.evidence.experiment import ArmSums, measured_saving
from router.evidence.figure import Figure
from router.evidence.quality import paired
from router.evidence.rates import clustered_wilson
from router.evidence.resampling import ratio
from router.evidence.savings import priced_saving
from router.evidence.score_blocks import differences
from router.evidence.sequences import confidence_sequence
from tests.evidence.test_pairs import drawn, misses
from tests.evidence.test_quality import MARGIN, beyond, judged
from tests.evidence.traffic import MANY, experiments, savings, sums_of

RUNS = 1000


def _hits(figures: list[Figure], truth: float) -> str:
    known = [it for it in figures if it.low is not None and it.high is not None]
    hits = [it.low is not None and it.low <= truth <= (it.high or 0.0) for it in known]
    told = "-" if not known else f"{100 * np.mean(hits):.1f} %"
    return f"{told} | {100 * len(known) / len(figures):.0f} %"


def priced() -> Iterator[str]:
    for tail in (1.2, 1.6):
        random = np.random.default_rng(11)
        truth = float(ratio(savings(random, 1, MANY, tail).sum(axis=(0, 1))))
        for sessions in (30, 50, 100, 256):
            runs = savings(random, RUNS, sessions, tail)
            figures = [priced_saving(sums_of(run), "always:large").share for run in runs]
            yield f"| `saved`, {sessions} sessions, tail {tail} | {_hits(figures, truth)} |"


def measured() -> Iterator[str]:
    random = np.random.default_rng(12)
    n0, c0, n1, c1 = experiments(random, 1, MANY, 0.5, False).sum(axis=(0, 1))
    for sessions, share in ((150, 0.5), (256, 0.1), (256, 0.2)):
        runs = experiments(random, RUNS, sessions, share, False)
        found = [
            measured_saving(
                [
                    ArmSums(at, row[0], row[1] * 1e9, row[2], row[3] * 1e9, 1)
                    for at, row in enumerate(run.tolist())
                ]
            )
            for run in runs
        ]
        where = f"{sessions} sessions, control {share:g}"
        each = [it.per_request for it in found]
        part = 1 - (c1 / n1) / (c0 / n0)
        yield f"| `measured_saved`, {where} | {_hits([it.share for it in found], part)} |"
        yield f"| `measured_saved_usd`, {where} | {_hits(each, c0 / n0 - c1 / n1)} |"


def shares() -> Iterator[str]:
    random = np.random.default_rng(13)
    for clusters, share in ((20, 0.3), (60, 0.05), (256, 0.9)):
        trials = random.geometric(0.2, (RUNS, clusters)).astype(np.float64)
        own = random.beta(10 * share, 10 * (1 - share), trials.shape)
        events = random.binomial(trials.astype(np.int64), own).astype(np.float64)
        found = [clustered_wilson(*both) for both in zip(events, trials, strict=True)]
        covered = np.mean([it.low <= share <= it.high for it in found])
        yield f"| share of {share:g}, {clusters} hours | {100 * covered:.1f} % | 100 % |"


def verdicts() -> Iterator[str]:
    random = np.random.default_rng(14)
    wrong = 0
    for _ in range(RUNS):
        blocks = differences(judged(random, 240, MARGIN))
        looks = [blocks[: len(blocks) * day // 30] for day in range(1, 31)]
        bounds = [
            confidence_sequence(it, (-1.0, 1.0), 0.05) for it in looks if len(it) > 9 and beyond(it)
        ]
        wrong += any(low > -MARGIN for low, _ in bounds)
    yield f"`no loss` although the loss is the margin, 30 daily looks: {100 * wrong / RUNS:.1f} %"


def pairs() -> Iterator[str]:
    random = np.random.default_rng(15)
    above = below = last = 0
    for _ in range(RUNS):
        told = [*misses(drawn(random, 240, MARGIN), MARGIN, 8)]
        above += any(it for it, _ in told)
        below += any(it for _, it in told)
        means = paired(drawn(random, 240, MARGIN))
        low, high = confidence_sequence(means, (-1.0, 1.0), 0.05)
        last += low <= -MARGIN <= high
    yield f"| `quality.shadow`, 240 sessions, one look | {100 * last / RUNS:.1f} % | 100 % |"
    held = 100 - 100 * (above + below) / RUNS
    yield f"| `quality.shadow`, 240 sessions, at each of 30 looks | {held:.1f} % | 100 % |"
    yield f"`no loss` by pairs although the loss is the margin: {100 * above / RUNS:.1f} %"


if __name__ == "__main__":
    for table in (priced, measured, shares, verdicts, pairs):
        for line in table():
            print(line, flush=True)
