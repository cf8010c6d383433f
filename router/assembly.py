"""Assembly: puts a gateway together from the policy files, again at every reload.

What a reload leaves as it was is taken over; what the new gateway does not use is let go.
"""

import asyncio
import logging
import os
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from router import upstreams
from router.classifier import (
    Classifiers,
    artifact_version,
    doubts,
    has_own_gap,
    sources_of,
    trained_domains,
    watched_files,
)
from router.clock import SystemClock
from router.core.catalog import Catalog
from router.core.policy import Policy, signals_binding, signals_read
from router.found import Found, find_policies, policy_path
from router.gateway import Gateway, PolicyInForce
from router.identifier import shipped_identifier
from router.kept import KEEPING, KEPT_S
from router.marks import marks
from router.policyfile import LoadedPolicy, PriceCatalogue
from router.ports import DecisionLog, Signal, Traces
from router.reload import Built
from router.settings import Settings
from router.signals import SIGNALS, Classifier
from router.stores.memory import MemoryStatsStore
from router.stores.memory_sessions import MemorySessionStore
from router.stores.session_file import FileSessionStore
from router.telemetry.circuits import CircuitObserver
from router.telemetry.logs import LogObserver
from router.telemetry.prometheus import PrometheusObserver
from router.upstreams.connections import Connections

logger = logging.getLogger(__name__)

KEPT_BUCKETS = 16_384
"""Of four answers each: 65,536 of them, in 20 MB."""

SignalKey = tuple[str, bytes, int]
"""Kind, options, and which classifier: signals that agree in these are one and the same."""


@dataclass
class _Parts:
    """What one build needs: upstreams to be closed after it, and signals, old ones first."""

    opened: AsyncExitStack
    earlier: Mapping[SignalKey, Signal]
    made: dict[SignalKey, Signal] = field(default_factory=dict)

    def signals_of(self, loaded: LoadedPolicy, classifier: Classifier) -> dict[str, Signal]:
        """A policy's signals by kind, cheap ones first."""
        signals: dict[str, Signal] = {}
        for name, kind in SIGNALS.items():
            options = loaded.options[name]
            if not kind.vocabulary(options):
                continue
            needed = kind.needed(classifier, shipped_identifier())
            said = msgspec.json.encode(options.model_dump(mode="json"))
            # A classifier's id is its own for as long as a signal in `earlier` or `made` holds it.
            key = (name, said, id(classifier) if kind.needs_classifier else 0)
            signal = self.made.get(key) or self.earlier.get(key)
            self.made[key] = signals[name] = signal or kind.make(options, *needed)
        return signals


@dataclass
class Assembly:
    """Builds gateways out of parts that live as long as the process.

    `found` is what the latest gateway was built from. `traces` is told of requests too, if any.
    """

    settings: Settings
    log: DecisionLog
    metrics: PrometheusObserver
    prices: PriceCatalogue
    clock: SystemClock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        self.stats = MemoryStatsStore(self.clock, CircuitObserver(self.metrics.circuit))
        settings = self.settings
        self._sessions = FileSessionStore(settings.sessions, self.clock, settings.session_s)
        self._kept: FileSessionStore | None = None
        self.found: Found | None = None
        self.traces: Traces | None = None
        self._path: Path | None = None
        self._connections = Connections()
        # Held for the whole process, so that a reload, which closes the old upstreams, leaves
        # the connections of requests in flight alone.
        self._connections.hold()
        self._opened = AsyncExitStack()
        self._signals: Mapping[SignalKey, Signal] = {}
        self._classifiers = Classifiers(self.settings.artifact)

    async def build(self) -> Built:
        """A gateway from the files as they are now. If that fails nothing has changed.

        Raises PolicyFileError, and StartupError if the policy is gone.
        """
        # Once there was a policy its absence is a fault, not a wish to be served without.
        path = self._path or policy_path(self.settings)
        found = await find_policies(path, self.settings.simulated, self.prices)
        folders = {self._classifiers.folder_of(loaded) for loaded in found.policies.values()}
        watched = {file for folder in folders for file in watched_files(folder)}
        seen = await asyncio.to_thread(marks, found.watched | watched)
        classifiers = {
            name: await asyncio.to_thread(self._classifiers.of, loaded)
            for name, loaded in found.policies.items()
        }
        async with AsyncExitStack() as opened:
            parts = _Parts(opened, self._signals)
            in_force = {
                name: self._in_force(loaded, classifiers[name], parts)
                for name, loaded in found.policies.items()
            }
            replaced, self._opened = self._opened, opened.pop_all()
        for name, loaded in found.policies.items():
            for doubt in doubts(loaded, artifact_version(classifiers[name])):
                logger.warning("certificate of policy %s: %s", name, doubt)
        self.found, self._path, self._signals = found, path, parts.made
        self._classifiers.keep(found.policies.values())
        catalogs = [loaded.catalog for loaded in found.policies.values()]
        keepers = [it.speaking(kept) for it in catalogs for kept in KEEPING.values()]
        if self._kept is None and any(keepers):
            # Not before an upstream keeps anything: the file is large.
            self._kept = FileSessionStore(self.settings.kept, self.clock, KEPT_S, KEPT_BUCKETS)
        self._tell(found, trained_domains(classifiers[found.default]))
        await replaced.aclose()
        return Built(self._gateway(in_force, found.default), seen)

    def _tell(self, found: Found, trained: Mapping[str, int]) -> None:
        """Let the metrics know what there is to be counted from now on."""
        policies = found.policies
        catalogs = [loaded.catalog for loaded in policies.values()]
        self.metrics.targets("upstream", {name for it in catalogs for name in it.upstreams})
        self.metrics.targets("model", {name for it in catalogs for name in it.models})
        self.metrics.policies({name: loaded.version for name, loaded in policies.items()})
        self.metrics.trained(trained)
        self.metrics.reviews.judging({name: _asked(it.policy) for name, it in policies.items()})

    def artifacts(self) -> Mapping[str, Path]:
        """The folder of the classifier that each policy uses."""
        policies = self.found.policies if self.found else {}
        return {name: self._classifiers.place_of(loaded) for name, loaded in policies.items()}

    def catalogs(self) -> Mapping[str, Catalog]:
        """The catalogs in force, by policy."""
        policies = self.found.policies if self.found else {}
        return {name: loaded.catalog for name, loaded in policies.items()}

    def identities(self) -> Mapping[str, str]:
        """By the name of each model in force, which weights at which upstream it stands for."""
        return {
            name: f"{name}={card.upstream}/{card.upstream_model or name}"
            for catalog in self.catalogs().values()
            for name, card in catalog.models.items()
        }

    async def close(self) -> None:
        """Let go of everything."""
        await self._opened.aclose()
        await self._connections.release()
        await self.log.close()
        self._sessions.close()
        if self._kept is not None:
            self._kept.close()
        if self.traces is not None:
            await asyncio.to_thread(self.traces.close)

    def _gateway(self, policies: Mapping[str, PolicyInForce], default: str) -> Gateway:
        return Gateway(
            policies=policies,
            default_policy=default,
            stats=self.stats,
            sessions=self._sessions,
            kept=self._kept or MemorySessionStore(self.clock, KEPT_S),
            log=self.log,
            observers=(self.metrics, LogObserver(), *([self.traces] if self.traces else ())),
            clock=self.clock,
        )

    def _in_force(
        self, loaded: LoadedPolicy, classifier: Classifier, parts: _Parts
    ) -> PolicyInForce:
        built = upstreams.build(loaded.catalog, os.environ, self._connections, self.stats)
        for upstream in built.values():
            parts.opened.push_async_callback(upstream.close)
        signals = parts.signals_of(loaded, classifier)

        def that_yield(names: Collection[str]) -> dict[str, Signal]:
            return {
                kind: signal
                for kind, signal in signals.items()
                if not SIGNALS[kind].vocabulary(loaded.options[kind]).keys().isdisjoint(names)
            }

        return PolicyInForce(
            policy=loaded.policy,
            catalog=loaded.catalog,
            version=loaded.version,
            signals=that_yield(signals_read(loaded.policy)),
            binding_signals=that_yield(signals_binding(loaded.policy)),
            all_signals=signals,
            upstreams=built,
            foreseen_by=sources_of(classifier),
            own_gap=has_own_gap(classifier),
        )


def _asked(policy: Policy) -> dict[str, str]:
    """Whom a policy has asked for its reviews, by purpose."""
    judging, asked = policy.judging, dict[str, str]()
    if judging is not None:
        asked["judge"] = judging.model
        if judging.shadow and policy.baseline is not None:
            asked["shadow"] = policy.baseline
    return asked
