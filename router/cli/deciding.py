"""Decisions at the command line: the gateway's own path, with nobody behind it to call."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from router.api.freedom import PREFIX, limits_of
from router.classifier import sources_of
from router.clock import SystemClock
from router.core.request import RoutedRequest
from router.core.signals import Signals, SignalValue
from router.dialects.chat_body import ChatBody
from router.gateway import Gateway, PolicyInForce
from router.identifier import shipped_identifier
from router.policyfile import LoadedPolicy, load, load_directory, shipped_policies
from router.ports import Signal
from router.prices import bundled
from router.settings import DEFAULT_POLICY, LOCAL_POLICY
from router.signals import SIGNALS, Classifier, build, vocabulary
from router.stores.memory import MemoryDecisionLog, MemoryStatsStore
from router.stores.memory_sessions import MemorySessionStore

LOCAL_POLICIES = Path("policies")


def default_path() -> Path:
    """The policy here (slm-router.yaml), else the folder policies/ here, else those shipped."""
    if LOCAL_POLICY.is_file():
        return LOCAL_POLICY
    return LOCAL_POLICIES if LOCAL_POLICIES.is_dir() else shipped_policies()


def loaded_policies(path: Path) -> dict[str, LoadedPolicy]:
    """Every policy at a path by its name, the default one first. Raises PolicyFileError."""
    if not path.is_dir():
        loaded = load(path, SIGNALS, vocabulary, bundled())
        return {loaded.policy.name: loaded}
    found = load_directory(path, SIGNALS, vocabulary, bundled())
    return dict(sorted(found.items(), key=lambda entry: (entry[0] != DEFAULT_POLICY, entry[0])))


def request_of(body: Mapping[str, Any], headers: Mapping[str, str]) -> RoutedRequest:
    """The facts of a request, read as the gateway reads them.

    Header names may leave out `x-slm-router-`. Raises InvalidRequest, also for a header that
    says nothing to the gateway.
    """
    given = [(PREFIX + name.lower().removeprefix(PREFIX), value) for name, value in headers.items()]
    return ChatBody(msgspec.json.encode(body)).request(limits_of(given))


class Given:
    """A signal that yields what is given; None, for not known, it leaves out."""

    def __init__(self, given: Mapping[str, SignalValue | None]) -> None:
        self._known = {name: value for name, value in given.items() if value is not None}

    async def extract(self, request: RoutedRequest) -> Signals:
        """The facts, whatever the request."""
        return self._known


class Without:
    """A signal that yields what another yields, less the facts that are given."""

    def __init__(self, signal: Signal, given: Collection[str]) -> None:
        self._signal = signal
        self._given = given

    async def extract(self, request: RoutedRequest) -> Signals:
        """The facts that are left. Raises what the other raises."""
        found = await self._signal.extract(request)
        return {name: value for name, value in found.items() if name not in self._given}


def decider(
    policies: Mapping[str, LoadedPolicy],
    classifier_of: Callable[[LoadedPolicy], Classifier | None],
    given: Mapping[str, SignalValue | None] | None = None,
) -> Gateway:
    """A gateway that can decide and call nobody; the first policy is its default.

    Exploration is off: what is explained or tested is what the policy prefers.
    """
    clock = SystemClock()
    return Gateway(
        policies={
            name: _in_force(loaded, classifier_of(loaded), given or {})
            for name, loaded in policies.items()
        },
        default_policy=next(iter(policies)),
        stats=MemoryStatsStore(clock),
        sessions=MemorySessionStore(clock),
        kept=MemorySessionStore(clock),
        log=MemoryDecisionLog(),
        observers=(),
        clock=clock,
    )


def _in_force(
    loaded: LoadedPolicy,
    classifier: Classifier | None,
    given: Mapping[str, SignalValue | None],
) -> PolicyInForce:
    signals: Mapping[str, Signal] = build(None, loaded.options, classifier, shipped_identifier())
    if given:
        found = {kind: Without(signal, given.keys()) for kind, signal in signals.items()}
        signals = {**found, "given": Given(given)}
    return PolicyInForce(
        policy=loaded.policy.model_copy(update={"explore": 0.0}),
        catalog=loaded.catalog,
        version=loaded.version,
        signals=signals,
        all_signals=signals,
        upstreams={},
        foreseen_by=sources_of(classifier),
    )
