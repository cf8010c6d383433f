"""How fast every page is at a million decisions: python -m tests.benchmarks.bench_pages

The log is that of `bench_ledger`; ROWS=100000 makes a smaller one, LOG=FOLDER keeps it and takes
it up again. Each page and each report is asked of the application in process, as a browser would,
over 30 days; given are the least, the median and the worst of five, and how many of the
milliseconds a processor was at it. A page may take 300 ms of server time. The lesser of the two is
held against that: where others use the machine too the clock says how busy they are, and where two
processors are free a page reads side by side.
"""

import asyncio
import os
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
from router.cli.serve import settle_memory
from router.core.ledger import SECONDS_PER_DAY
from router.settings import Settings
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_schema import open_for_writing
from router.stores.sqlite_settling import settle
from tests.api.conftest import runtime_of
from tests.benchmarks.bench_ledger import LIMIT_MS, ROUNDS, ROWS, WINDOW, write
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import fake_gateway
from tests.fakes.upstream import FakeUpstream

HOME = "http://127.0.0.1:7070"
PAGES = (
    "/",
    "/savings",
    "/savings?by=domain&sort=share",
    "/savings?by=model",
    "/savings?by=key",
    "/savings?by=tag",
    "/savings?by=tag&rule=rule-1",
    "/savings?by=rule&tag=team%3D1",
    "/savings?by=model&rule=rule-1",
    "/savings?by=key&model=model-1",
    "/savings?by=rule&domain=domain-1&key=key-1",
    "/savings?by=domain&rule=rule-1&model=model-1&key=key-1",
    "/savings?since=7d",
    "/quality",
    "/decisions",
    "/decisions?q=nowhere",
    "/decisions?tag=nowhere",
    "/decisions?model=model-1&since=7d",
    "/decisions/d999",
    "/models",
    "/playground",
    "/policies",
    "/classifiers",
    "/api/v1/overview",
    "/api/v1/savings",
    "/api/v1/quality",
    "/api/v1/decisions",
)


@contextmanager
def served(state: Path) -> Iterator[TestClient]:
    """The application over a log, at the log's last moment."""
    gateway = fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()})
    clock = FakeClock()
    clock.wall = WINDOW.until - 1.0
    settings = Settings.model_validate({"state_dir": state})
    log = SQLiteDecisionLog(settings.decision_log)
    runtime = runtime_of(replace(gateway, clock=clock, log=log))
    runtime.settings = settings
    with TestClient(create_app(runtime), HOME) as client:
        # As a gateway that has begun to serve: else the collector walks all modules with each page.
        settle_memory()
        yield client
    asyncio.run(log.close())


def filled(state: Path) -> None:
    """Write the log, unless it is there, and settle its days as the gateway does.

    One that is there may be of an older version, which knew of less to be settled.
    """
    path = Settings.model_validate({"state_dir": state}).decision_log
    if not path.exists():
        print(f"{ROWS} rows written in {write(path, ROWS):.0f} s of processor time", flush=True)
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while settle(connection, WINDOW.until - SECONDS_PER_DAY / 2):
            pass


def asked(client: TestClient, path: str) -> tuple[list[float], list[float]] | None:
    """Milliseconds that a page took, each time, and those of them that it had a processor; None
    where there is no such page."""
    spent, worked = [], []
    for _ in range(ROUNDS):
        begun, began = time.perf_counter(), time.process_time()
        answer = client.get(path, headers={"accept": "text/html"})
        spent.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - began) * 1000)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, (path, answer.text[:500])
    return spent, worked


def main() -> int:
    """Print the table; 1 if a page took longer than it may."""
    with tempfile.TemporaryDirectory() as made:
        state = Path(os.environ.get("LOG", made))
        filled(state)
        slowest = 0.0
        print(f"{'page':<56} {'least ms':>9} {'median':>7} {'worst':>7} {'of work':>8}")
        with served(state) as client:
            for path in PAGES:
                times = asked(client, path)
                if times is None:
                    continue
                spent, worked = times
                slowest = max(slowest, min(median(spent), median(worked)))
                clock = f"{min(spent):>9.0f} {median(spent):>7.0f} {max(spent):>7.0f}"
                print(f"{path:<56} {clock} {median(worked):>8.0f}", flush=True)
    print(f"slowest: {slowest:.0f} ms, a page may take {LIMIT_MS}")
    return int(slowest > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
