"""What reviews cost the decision log: python -m tests.benchmarks.bench_reviews [reviews]

Writes so many decisions, a review with a shadow on each, and reads what a page asks of them. Prints
microseconds of processor time a review and milliseconds a question, the least of ten.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from router.core.ledger import Window
from router.evidence.quality import verdict
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_scores import SQLiteScores
from tests.fakes.events import AT, an_event
from tests.fakes.reviews import a_review

AT_ONCE = 2_000
DAYS = 30
EVER = Window(AT - 86_400, AT + (DAYS + 1) * 86_400)


async def filled(path: Path, reviews: int) -> tuple[float, float]:
    """Seconds of processor time that decisions took, and their reviews."""
    log, plain, took = SQLiteDecisionLog(path, patience_s=600), an_event(), [0.0, 0.0]
    ids = [f"{number:032x}" for number in range(reviews)]
    when = {id: AT + number * DAYS * 86_400 / reviews for number, id in enumerate(ids)}
    for start in range(0, reviews, AT_ONCE):
        some = ids[start : start + AT_ONCE]
        for which, told in enumerate(
            (
                [log.record(replace(plain, id=id, session=id, at=when[id])) for id in some],
                [log.record_review(a_review(id, at=when[id] + 9)) for id in some],
            )
        ):
            begun = time.process_time()
            await asyncio.gather(*told)
            took[which] += time.process_time() - begun
    await log.close()
    return took[0], took[1]


async def least_ms(ask: Callable[[], Awaitable[object]]) -> float:
    """Of ten, in milliseconds of processor time."""
    found = []
    for _ in range(10):
        begun = time.process_time()
        await ask()
        found.append(time.process_time() - begun)
    return 1000 * min(found)


async def main(reviews: int) -> None:
    """Fill a log and ask."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "log"
        decisions_s, reviews_s = await filled(path, reviews)
        scores, ledger = SQLiteScores(path), SQLiteLedger(path)
        pairs = await scores.session_pairs(EVER)
        pairs_ms = await least_ms(lambda: scores.session_pairs(EVER))
        own_ms = await least_ms(lambda: ledger.own_costs(EVER))

        async def ruled() -> None:
            verdict([], pairs=pairs)

        ruled_ms = await least_ms(ruled)
    print(f"write a decision       {1e6 * decisions_s / reviews:7.0f} us")
    print(f"write its review       {1e6 * reviews_s / reviews:7.0f} us")
    print(f"read {len(pairs):,} pairs     {pairs_ms:7.1f} ms")
    print(f"rule on them           {ruled_ms:7.1f} ms")
    print(f"read what they cost    {own_ms:7.1f} ms")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
