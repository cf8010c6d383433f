"""What a page takes at a million decisions: python -m tests.benchmarks.bench_dashboard [ROWS]

The processor time of a whole page, in process and over all threads: reading, working out,
rendering, and what the test client adds; median and worst of ROUNDS. It is what a page takes on an
idle machine whose disk is cached, and a busy one does not change it much. Beside it the same page
over 1,000 decisions: the ratio says whether a page's time grows with the log.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from starlette.testclient import TestClient

from router.app import create_app
from router.core.feedback import Feedback
from router.settings import Settings
from router.stores.decision_columns import COLUMNS
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_schema import open_for_writing
from tests.api.conftest import runtime_of
from tests.fakes.events import AT, an_event
from tests.fakes.gateway import fake_gateway

ROUNDS = 7
FEW = 1_000
PAGES = (
    "/",
    "/decisions",
    "/decisions?outcome=broken",
    "/decisions?q=nothing-holds-this",
    "/decisions?model=small&rule=easy",
    "/decisions/d7",
    "/playground",
    "/models?since=1h",
    "/models?since=7d",
    "/policies",
    "/classifiers",
)


def filled(path: Path, rows: int) -> None:
    """A log of so many decisions, one a second to now, every hundredth of them judged."""
    asyncio.run(_first(path))
    changed = {"id": "'d' || n", "at": f"{AT} - n", "model": "iif(n % 3, 'small', 'large')"}
    names = [column.name for column in COLUMNS]
    values = ", ".join(changed.get(name, name) for name in names)
    numbers = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {rows})"
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        connection.execute(
            f"{numbers} INSERT INTO decisions ({', '.join(names)})"
            f" SELECT {values} FROM c, (SELECT * FROM decisions WHERE id = 'd0')"
        )
        connection.execute(
            "INSERT INTO feedback (decision, source, at, score)"
            f" SELECT id, 'user', at, 1.0 FROM decisions WHERE rowid % 100 = 0 AND at > {AT - 1e5}"
        )


async def _first(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    await log.record(an_event("d0"))
    await log.record_feedback(Feedback("d0", "user", AT, 1.0))
    await log.close()


@contextmanager
def dashboard(state: Path, rows: int) -> Iterator[TestClient]:
    """A dashboard over such a log."""
    settings = Settings(state_dir=state)
    filled(settings.decision_log, rows)
    log = SQLiteDecisionLog(settings.decision_log)
    runtime = runtime_of(replace(fake_gateway({}), log=log))
    runtime.settings = settings
    with TestClient(create_app(runtime), "http://127.0.0.1") as client:
        yield client
    asyncio.run(log.close())


def timed(client: TestClient, path: str) -> list[float]:
    """Milliseconds of each round, the first left out: it warms the caches up."""
    found = []
    for _ in range(ROUNDS + 1):
        begun = time.process_time()
        answer = client.get(path, headers={"accept": "text/html"})
        found.append((time.process_time() - begun) * 1000)
        assert answer.status_code == 200, answer.text
    return sorted(found[1:])


def main(rows: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder, "few"), Path(folder, "many")
        begun = time.perf_counter()
        with dashboard(few, FEW) as small, dashboard(many, rows) as large:
            size = (many / "decisions.sqlite3").stat().st_size / 1e9
            spent = time.perf_counter() - begun
            print(f"{rows:,} decisions, {size:.2f} GB, made in {spent:.0f} s; ms of processor time")
            print(f"{'page':36}{'median':>9}{'worst':>9}{f'at {FEW:,}':>11}{'ratio':>8}")
            for path in PAGES:
                lone, full = timed(small, path), timed(large, path)
                ratio = median(full) / median(lone)
                told = f"{median(full):9.1f}{full[-1]:9.1f}{median(lone):11.1f}{ratio:8.2f}"
                print(f"{path:36}{told}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
