"""The dashboard in process, over a real log of a few decisions and a gateway on fake upstreams."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from router.app import create_app
from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.review import Review
from router.gateway import Gateway
from router.keyring import Keyring
from router.runtime import Runtime
from router.settings import Settings
from router.stores.sqlite import SQLiteDecisionLog
from tests.api.conftest import runtime_of
from tests.cli.busy_week import scores, week, write
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import fake_gateway
from tests.fakes.upstream import FakeUpstream

HOME = "http://127.0.0.1:7070"
PAGE = {"accept": "text/html"}

Log = Sequence[RoutingEvent | Feedback | Review]


@dataclass(frozen=True)
class Dashboard:
    """A browser without scripts, and what it looks at."""

    client: TestClient
    runtime: Runtime

    def page(self, path: str, status: int = 200) -> str:
        """A page's HTML."""
        answer = self.client.get(path, headers=PAGE, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return answer.text


Opened = Callable[..., Dashboard]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Makes a dashboard over a log of `told`; `settings` are the process's."""
    logs: list[SQLiteDecisionLog] = []
    clients: list[TestClient] = []

    def made(
        told: Log = (),
        gateway: Gateway | None = None,
        keyring: Keyring | None = None,
        **settings: Any,
    ) -> Dashboard:
        made_with = Settings.model_validate({"state_dir": tmp_path, **settings})
        log = SQLiteDecisionLog(made_with.decision_log)
        logs.append(log)
        asyncio.run(_keep(log, told))
        gateway = gateway or fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()})
        runtime = runtime_of(replace(gateway, log=log))
        runtime.settings = made_with
        runtime.keyring = keyring or runtime.keyring
        client = TestClient(create_app(runtime), HOME, raise_server_exceptions=False)
        clients.append(client.__enter__())
        return Dashboard(client, runtime)

    yield made
    for client in clients:
        client.__exit__(None, None, None)
    for log in logs:
        asyncio.run(log.close())


async def _keep(log: SQLiteDecisionLog, told: Log) -> None:
    for one in told:
        if isinstance(one, Review):
            await log.record_review(one)
        else:
            await (log.record_feedback(one) if isinstance(one, Feedback) else log.record(one))


@pytest.fixture(scope="session")
def busy_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with a week of traffic, a fifth of it control, and all of it judged."""
    state = tmp_path_factory.mktemp("busy")
    events = week(160)
    write(state, events, scores(events, loss=0.0))
    return state


@pytest.fixture
def busy(opened: Opened, busy_state: Path) -> Dashboard:
    """The dashboard over that week, today."""
    return opened((), gateway=today(), state_dir=busy_state)


def today() -> Gateway:
    """A gateway whose clock stands at this very moment."""
    gateway = fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()})
    return replace(gateway, clock=FakeClock(time.time()))
