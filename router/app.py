"""The composition root: the one place that names concrete parts and puts them together."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from router import policyfile, prices, upstreams
from router.api import ROUTES
from router.api.errors import on_crash, on_http_error, on_router_error
from router.clock import SystemClock
from router.core.policy import signals_read
from router.core.request import AUTO, RoutedRequest, Turn
from router.errors import RouterError, StartupError
from router.gateway import Gateway, PolicyInForce
from router.policyfile import LoadedPolicy, PriceCatalogue
from router.ports import DecisionLog, Signal, Upstream
from router.reload import Reloader
from router.runtime import Reload, Runtime
from router.settings import LOCAL_POLICY, Settings
from router.signals import SIGNALS, Classifier, build, vocabulary
from router.signals.learned import Judgement
from router.stores.memory import MemoryStatsStore
from router.stores.sqlite import SQLiteDecisionLog
from router.telemetry.counted_log import CountedDecisionLog
from router.telemetry.logs import LogObserver
from router.telemetry.prometheus import CONTENT_TYPE, PrometheusObserver
from router.upstreams.connections import Connections
from router.upstreams.discovery import Discovery, discover
from router.upstreams.simulated import simulated_catalog

logger = logging.getLogger(__name__)

DEFAULT_POLICY = "default"
WARM_UP = "Is everything loaded?"


@dataclass(frozen=True, slots=True)
class Found:
    """What this process serves with: policies by name, which is the default, and where from.

    `discovery` is what was found on this machine, None when a policy file said everything.
    """

    policies: Mapping[str, LoadedPolicy]
    default: str
    discovery: Discovery | None = None

    @property
    def files(self) -> frozenset[Path]:
        """The operator's files, to be watched; those we ship do not change."""
        if self.discovery is not None:
            return frozenset()
        return frozenset(file for loaded in self.policies.values() for file in loaded.files)

    @property
    def missing_keys(self) -> list[str]:
        """Environment variables that a catalog names as keys and that are not set."""
        catalogs = (loaded.catalog for loaded in self.policies.values())
        missing = (upstreams.missing_keys(catalog, os.environ) for catalog in catalogs)
        return sorted({name for names in missing for name in names})


async def find_policies(settings: Settings, prices: PriceCatalogue) -> Found:
    """The policies to serve: the operator's files, else the shipped ones over what is found here.

    Raises PolicyFileError, and StartupError if the path does not exist.
    """
    if settings.simulated:
        return await asyncio.to_thread(_shipped, prices, Discovery(simulated_catalog()))
    path = _policy_path(settings)
    if path is None:
        return await asyncio.to_thread(_shipped, prices, await discover(os.environ))
    return await asyncio.to_thread(_written, prices, path)


def _policy_path(settings: Settings) -> Path | None:
    return settings.policy or (LOCAL_POLICY if LOCAL_POLICY.is_file() else None)


def _written(prices: PriceCatalogue, path: Path) -> Found:
    if path.is_dir():
        policies = policyfile.load_directory(path, SIGNALS, vocabulary, prices)
        return Found(policies, DEFAULT_POLICY if DEFAULT_POLICY in policies else min(policies))
    if not path.is_file():
        raise StartupError(f"{path} does not exist. Write a policy with: slm-router init")
    loaded = policyfile.load(path, SIGNALS, vocabulary, prices)
    return Found({loaded.policy.name: loaded}, loaded.policy.name)


def _shipped(prices: PriceCatalogue, discovery: Discovery) -> Found:
    directory = policyfile.shipped_policies()
    policies = policyfile.load_directory(directory, SIGNALS, vocabulary, prices, discovery.catalog)
    return Found(policies, DEFAULT_POLICY, discovery)


class Classifiers:
    """Classifiers by the policies that use them, each loaded once. `default` is the process's."""

    def __init__(self, default: Path | None) -> None:
        self._default = default
        self._loaded: dict[Path | None, Classifier] = {}

    def of(self, loaded: LoadedPolicy) -> Classifier:
        """The classifier that a policy names, else the process's, else the shipped one."""
        named = getattr(loaded.options["learned"], "artifact", None)
        path = loaded.path.parent / named if named else self._default
        if path not in self._loaded:
            self._loaded[path] = load_classifier(path)
        return self._loaded[path]


def load_classifier(path: Path | None) -> Classifier:
    """The classifier behind the learned signals; one that always fails if it cannot be loaded.

    A missing artifact must not stop the gateway: its signals fail, are counted, and the policy's
    default rule decides.
    """
    from classifiers.errors import ArtifactError
    from classifiers.prompt_classifier import PromptClassifier

    try:
        return PromptClassifier.load(path)
    except ArtifactError as error:
        logger.error("no classifier, learned signals stay unknown: %s", error)
        return _NoClassifier(error)


class _NoClassifier:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def judge(self, texts: Sequence[str], /) -> Sequence[Judgement]:
        raise self._error


@dataclass
class Assembly:
    """Builds gateways out of parts that live as long as the process."""

    settings: Settings
    log: DecisionLog
    metrics: PrometheusObserver
    prices: PriceCatalogue
    clock: SystemClock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        self.stats = MemoryStatsStore(self.clock)
        self.found: Found | None = None
        self._connections = Connections()
        # Held for the whole process, so that a reload, which closes the old upstreams, leaves
        # the connections of requests in flight alone.
        self._connections.hold()
        self._upstreams: list[Upstream] = []
        self._signals: dict[bytes, Mapping[str, Signal]] = {}
        self._classifiers = Classifiers(self.settings.artifact)

    async def build(self) -> tuple[Gateway, frozenset[Path]]:
        """A gateway from the files as they are now, and which files these are."""
        found = await find_policies(self.settings, self.prices)
        for loaded in found.policies.values():
            await asyncio.to_thread(self._classifiers.of, loaded)
        replaced, self._upstreams = self._upstreams, []
        in_force = {name: self._in_force(loaded) for name, loaded in found.policies.items()}
        self.metrics.policies({name: loaded.version for name, loaded in found.policies.items()})
        self.found = found
        for upstream in replaced:
            await upstream.close()
        gateway = Gateway(
            policies=in_force,
            default_policy=found.default,
            stats=self.stats,
            log=self.log,
            observers=(self.metrics, LogObserver()),
            clock=self.clock,
        )
        return gateway, found.files

    async def close(self) -> None:
        """Let go of everything."""
        for upstream in self._upstreams:
            await upstream.close()
        await self._connections.release()
        await self.log.close()

    def _in_force(self, loaded: LoadedPolicy) -> PolicyInForce:
        built = upstreams.build(loaded.catalog, os.environ, self._connections)
        self._upstreams += built.values()
        options = {kind: made.model_dump(mode="json") for kind, made in loaded.options.items()}
        key = msgspec.json.encode([str(loaded.path.parent), options])
        if key not in self._signals:
            self._signals[key] = build(None, loaded.options, self._classifiers.of(loaded))
        signals, read = self._signals[key], signals_read(loaded.policy)
        return PolicyInForce(
            policy=loaded.policy,
            catalog=loaded.catalog,
            version=loaded.version,
            signals={
                kind: signal
                for kind, signal in signals.items()
                if not SIGNALS[kind].vocabulary(loaded.options[kind]).keys().isdisjoint(read)
            },
            all_signals=signals,
            upstreams=built,
        )


def create_app(runtime: Runtime) -> FastAPI:
    """The ASGI application over a runtime."""
    # No redirects: one would be built from the Host header, which is whatever a caller says.
    app = FastAPI(redirect_slashes=False, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.runtime = runtime
    for method, path, endpoint in ROUTES:
        app.add_route(path, endpoint, methods=[method])
    app.add_exception_handler(RouterError, on_router_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_crash)
    return app


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[Runtime, Found]]:
    """Everything that serves requests, from the opening of the log to its closing.

    Raises RouterError if the policy is wrong or the log cannot be opened.
    """
    metrics = PrometheusObserver()
    log = CountedDecisionLog(SQLiteDecisionLog(settings.decision_log), metrics.log_write_failed)
    assembly = Assembly(settings, log, metrics, prices.bundled())
    try:
        gateway, files = await assembly.build()
        assert assembly.found is not None
        await _warm_up(gateway)
        clock = assembly.clock
        runtime = Runtime(
            gateway=gateway,
            settings=settings,
            metrics=lambda: (metrics.exposition(), CONTENT_TYPE),
            reload=Reload(clock.now()),
            started=clock.now(),
        )
        reloader = Reloader(runtime, assembly.build, files, metrics.reloaded)
        watching = asyncio.create_task(reloader.run())
        try:
            yield runtime, assembly.found
        finally:
            runtime.accepting = False
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
    finally:
        await assembly.close()


async def _warm_up(gateway: Gateway) -> None:
    """Let the signals load what they load on first use before a caller waits for it."""
    for in_force in gateway.policies.values():
        made_up = RoutedRequest(f"{AUTO}:{in_force.policy.name}", (Turn("user", WARM_UP),))
        await gateway.route(made_up, WARM_UP)
