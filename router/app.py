"""The composition root: the application over a runtime, and all that runs while it serves."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from router import dashboard, prices
from router.api import ROUTES
from router.api.access import AccessControl, guarded
from router.api.admission import Admission
from router.api.errors import on_crash, on_http_error, on_router_error
from router.api.request_id import RequestId
from router.api.shutdown import CutShort
from router.assembly import Assembly
from router.core.access import APIKey
from router.core.catalog import AUTO
from router.core.request import RoutedRequest, Turn
from router.errors import RouterError, StartupError
from router.found import Found
from router.gateway import Gateway
from router.keyring import FIXED_KEY, FIXED_ROLES, Keyring, check_secret, digest_of
from router.ports import Limiter
from router.reload import Built, Reloader
from router.runtime import Reload, Runtime
from router.settings import Settings
from router.slots import Slots
from router.stores.session_key import session_key
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_keys import SQLiteKeyStore
from router.stores.sqlite_upkeep import Upkeep
from router.telemetry.counted_log import CountedDecisionLog
from router.telemetry.prometheus import CONTENT_TYPE, PrometheusObserver

WARM_UP = "Is everything loaded?"


def create_app(runtime: Runtime) -> FastAPI:
    """The ASGI application over a runtime."""
    # No redirects: one would be built from the Host header, which is whatever a caller says.
    app = FastAPI(redirect_slashes=False, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.runtime = runtime
    # The one added last is the first to see a request.
    app.add_middleware(Admission, limiter=_limiter(runtime.settings))
    app.state.navigation = dashboard.NAVIGATION
    pages = tuple(dashboard.routes())
    open_paths = frozenset(path for _, path, _, access in (*ROUTES, *pages) if access == "open")
    app.add_middleware(
        AccessControl, runtime=runtime, open_paths=open_paths, refuse=dashboard.refuse
    )
    app.add_middleware(CutShort, runtime=runtime)
    app.add_middleware(RequestId)
    for method, path, endpoint, access in ROUTES:
        app.add_route(path, guarded(endpoint, access), methods=[method])
    for method, path, page, _ in pages:
        app.add_route(path, page, methods=[method])
    app.add_exception_handler(RouterError, on_router_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_crash)
    return app


def _limiter(settings: Settings) -> Limiter:
    return Slots(settings.max_in_flight, settings.max_waiting, settings.max_wait_s)


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[Runtime, Found]]:
    """Everything that serves requests, from the opening of the log to its closing.

    Raises RouterError if the policy is wrong, the log cannot be opened, the keys cannot be read,
    or a key is asked for and there is none.
    """
    with contextlib.closing(_keyring(settings)) as keyring:
        async with _running(settings, keyring) as served:
            yield served


@contextlib.asynccontextmanager
async def _running(settings: Settings, keyring: Keyring) -> AsyncIterator[tuple[Runtime, Found]]:
    metrics = PrometheusObserver()
    log = CountedDecisionLog(
        SQLiteDecisionLog(settings.decision_log), metrics.log_write_failed, metrics.rated
    )
    assembly = Assembly(settings, log, metrics, prices.bundled())

    async def build() -> Built:
        """A gateway whose signals have loaded all that they load on first use."""
        built = await assembly.build()
        await _warm_up(built.gateway)
        return built

    upkeep = Upkeep(settings.decision_log, settings.log_retention_days)
    try:
        built = await build()
        upkeep.start()
        assert assembly.found is not None
        clock = assembly.clock
        runtime = Runtime(
            gateway=built.gateway,
            settings=settings,
            metrics=lambda: (metrics.exposition(), CONTENT_TYPE),
            reload=Reload(clock.now()),
            started=clock.now(),
            session_key=session_key(settings.state_dir),
            keyring=keyring,
            policies=lambda: assembly.found.policies if assembly.found else {},
            artifacts=assembly.artifacts,
        )
        reloader = Reloader(runtime, build, built.seen, metrics.reloaded)
        watching = asyncio.create_task(reloader.run())
        try:
            yield runtime, assembly.found
        finally:
            runtime.accepting = False
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    finally:
        await asyncio.to_thread(upkeep.stop)
        await assembly.close()


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
