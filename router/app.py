"""The composition root: the application over a runtime, and all that runs while it serves."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from router import dashboard, prices
from router.api import ROUTES
from router.api.access import AccessControl, guarded
from router.api.admission import Admission
from router.api.cross_origin import CrossOrigin
from router.api.entry import Entry
from router.api.errors import on_crash, on_http_error, on_router_error
from router.assembly import Assembly
from router.core.access import APIKey
from router.core.catalog import AUTO
from router.core.request import RoutedRequest, Turn
from router.errors import RouterError, StartupError
from router.exchange import all_recorded
from router.found import Found
from router.gateway import Gateway
from router.gathering import UnderWay
from router.judging.reviewer import Reviewer
from router.keyring import FIXED_KEY, FIXED_ROLES, Keyring, check_secret, digest_of
from router.ports import Limiter, Traces
from router.reload import Built, Reloader
from router.runtime import Reload, Runtime
from router.settings import Settings
from router.slots import Slots
from router.stores.journaled import JournaledDecisionLog
from router.stores.lasting import LastingMeasures
from router.stores.session_key import session_key
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_keys import SQLiteKeyStore
from router.stores.sqlite_measured import SQLiteMeasured
from router.stores.sqlite_upkeep import Upkeep
from router.telemetry.counted_log import CountedDecisionLog
from router.telemetry.prometheus import CONTENT_TYPE, PrometheusObserver, exposed
from router.telemetry.shared_metrics import PUBLISH_S, SharedMetrics
from router.workers import Worker

logger = logging.getLogger(__name__)

WARM_UP = "Is everything loaded?"

NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False}
"""The framework looks for an OpenTelemetry to report to at every request; we have our own."""

Exposition = Callable[[], tuple[bytes, str]]
"""Gives the metrics and their content type."""


class Application(FastAPI):
    """The framework behind our own entry, which it is asked through."""

    entry: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every request comes in here."""
        scope["app"] = self
        await self.entry(scope, receive, send)


def create_app(runtime: Runtime) -> Application:
    """The ASGI application over a runtime."""
    # No redirects: one would be built from the Host header, which is whatever a caller says.
    app = Application(
        redirect_slashes=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    app.state.runtime = runtime
    app.state.navigation = dashboard.NAVIGATION
    for method, path, endpoint, access in ROUTES:
        app.router.routes.append(Route(path, guarded(endpoint, access), methods=[method]))
    pages = tuple(dashboard.routes())
    for method, path, page, _ in pages:
        app.router.routes.append(Route(path, page, methods=[method]))
    app.add_exception_handler(RouterError, on_router_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_crash)
    open_paths = frozenset(path for _, path, _, access in (*ROUTES, *pages) if access == "open")
    entry = Entry(
        super(Application, app).__call__,
        runtime,
        ROUTES,
        AccessControl(runtime, open_paths),
        Admission(_limiter(runtime.settings)),
        dashboard.refuse,
    )
    origins = runtime.settings.cors_origins
    app.entry = CrossOrigin(entry, origins) if origins else entry
    return app


def _limiter(settings: Settings) -> Limiter:
    return Slots(settings.max_in_flight, settings.max_waiting, settings.max_wait_s)


@contextlib.asynccontextmanager
async def running(
    settings: Settings, worker: Worker | None = None
) -> AsyncIterator[tuple[Runtime, Found]]:
    """Everything that serves requests, from the opening of the log to its closing.

    `worker` is which of several processes this is.

    Raises RouterError if the policy is wrong, the log cannot be opened, the keys cannot be read,
    or a key is asked for and there is none.
    """
    with contextlib.closing(_keyring(settings)) as keyring:
        async with _running(settings, keyring, worker) as served:
            yield served


@contextlib.asynccontextmanager
async def _running(
    settings: Settings, keyring: Keyring, worker: Worker | None
) -> AsyncIterator[tuple[Runtime, Found]]:
    metrics = PrometheusObserver()
    shared = _shared(worker, metrics)
    under_way = UnderWay()
    assembly = Assembly(settings, _log(settings, metrics, under_way), metrics, prices.bundled())

    async def build() -> Built:
        """A gateway whose signals have loaded all that they load on first use."""
        built = await assembly.build()
        await _warm_up(built.gateway)
        return built

    reviewer = Reviewer(metrics.reviews)
    upkeep = Upkeep(settings.decision_log, settings.log_retention_days, settings.journal)
    try:
        assembly.traces = _traces(settings, assembly)
        built = await build()
        lasting = _lasting(settings, assembly)
        await lasting.exchange()
        upkeep.start()
        assert assembly.found is not None
        runtime = _runtime(keyring, assembly, built, _exposition(metrics, shared), under_way)
        runtime.review = reviewer.submit
        reloader = Reloader(runtime, build, built.seen, metrics.reloaded)
        async with _meanwhile(reloader.run(), lasting.run(), *_publishing(shared)):
            try:
                yield runtime, assembly.found
            finally:
                runtime.stop()
        await _settled(runtime, reviewer, lasting)
    finally:
        await _closed(reviewer, upkeep, assembly)


async def _settled(runtime: Runtime, reviewer: Reviewer, lasting: LastingMeasures) -> None:
    """Wait for what outlives the requests, each after what it rests on."""
    await all_recorded()
    await reviewer.drain(runtime.time_to_stop_s)
    await lasting.exchange()


async def _closed(reviewer: Reviewer, upkeep: Upkeep, assembly: Assembly) -> None:
    """Let go of all that ran. Reviews that are still under way are broken off, and booked."""
    await reviewer.drain(0.0)
    await asyncio.to_thread(upkeep.stop)
    await assembly.close()


def _runtime(
    keyring: Keyring, assembly: Assembly, built: Built, exposition: Exposition, under_way: UnderWay
) -> Runtime:
    now, settings = assembly.clock.now(), assembly.settings
    return Runtime(
        gateway=built.gateway,
        settings=settings,
        metrics=exposition,
        reload=Reload(now),
        started=now,
        session_key=session_key(settings.state_dir),
        keyring=keyring,
        policies=lambda: assembly.found.policies if assembly.found else {},
        artifacts=assembly.artifacts,
        trace=assembly.traces.begin if assembly.traces else None,
        under_way=under_way,
    )


def _lasting(settings: Settings, assembly: Assembly) -> LastingMeasures:
    kept = SQLiteMeasured(settings.decision_log)
    return LastingMeasures(assembly.stats, kept, assembly.identities, assembly.clock)


def _log(
    settings: Settings, metrics: PrometheusObserver, under_way: UnderWay
) -> CountedDecisionLog:
    """The decision log, journaled and counted. Raises DecisionLogError."""
    decisions = SQLiteDecisionLog(settings.decision_log)
    metrics.log_waits(lambda: decisions.waiting)
    journaled = JournaledDecisionLog(decisions, settings.journal, under_way.is_busy)
    return CountedDecisionLog(journaled, metrics, decisions.find)


def _shared(worker: Worker | None, metrics: PrometheusObserver) -> SharedMetrics | None:
    if worker is None:
        return None
    return SharedMetrics(Path(worker.metrics), worker.number, metrics.families)


def _exposition(metrics: PrometheusObserver, shared: SharedMetrics | None) -> Exposition:
    families = shared.collect if shared else metrics.families
    return lambda: (exposed(families()), CONTENT_TYPE)


@contextlib.asynccontextmanager
async def _meanwhile(*work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Have this done as long as the context lasts."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _publishing(shared: SharedMetrics | None) -> list[Coroutine[object, object, None]]:
    return [] if shared is None else [_publish(shared)]


async def _publish(shared: SharedMetrics) -> None:
    """Let the other workers know what this one has counted, until cancelled."""
    while True:
        try:
            shared.publish()
        except OSError as error:
            logger.error("the metrics of this worker are not shared: %s", error)
        await asyncio.sleep(PUBLISH_S)


def _traces(settings: Settings, assembly: Assembly) -> Traces | None:
    """What makes traces, loaded only where the operator asked for them."""
    if not settings.otel:
        return None
    try:
        from router.telemetry.tracing import Tracing, exporting
    except ModuleNotFoundError:
        raise StartupError(
            "SLM_ROUTER_OTEL is on, and OpenTelemetry is not installed. Install it:"
            " pip install 'slm-router[otel]'."
        ) from None
    return Tracing(exporting(), assembly.catalogs)


def _keyring(settings: Settings) -> Keyring:
    """The keys in force, looked after from now on."""
    fixed = []
    if settings.api_key is not None:
        secret = settings.api_key.get_secret_value().strip()
        check_secret(secret)
        fixed.append(APIKey(FIXED_KEY, digest_of(secret.encode()), FIXED_ROLES, time.time()))
    keyring = Keyring(SQLiteKeyStore(settings.keys), fixed)
    keyring.start()
    if settings.require_keys and keyring.is_empty:
        keyring.close()
        raise StartupError(
            f"API keys are asked for on {settings.host}, and there is none. Make one:"
            " slm-router keys create my-app. Or listen on this machine alone: --host 127.0.0.1."
        )
    return keyring


async def _warm_up(gateway: Gateway) -> None:
    """Send a made-up request through each policy's signals, so that no caller waits for them."""
    for in_force in gateway.policies.values():
        made_up = RoutedRequest(f"{AUTO}:{in_force.policy.name}", (Turn("user", WARM_UP),))
        await gateway.route(made_up, WARM_UP)
