"""Gateway: signals -> decide -> open an upstream, falling back -> record. The shell's only story.

A frozen value: a reload builds a new one and swaps one attribute; requests in flight keep theirs.
It knows the core and the ports, and no concrete adapter.
"""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from msgspec import Struct
from msgspec.structs import replace

from router.core.catalog import Catalog, Endpoint
from router.core.decide import decide_by
from router.core.decision import Decision, RejectionCode
from router.core.judging import Judging
from router.core.plan import Plan
from router.core.policy import Policy
from router.core.request import RoutedRequest
from router.core.request_limits import refusal
from router.core.signals import QUALITY, Signals, SignalValue
from router.core.trace_context import TraceContext
from router.errors import (
    InvalidRequest,
    ModelsUnavailable,
    NoCandidate,
    RouterError,
    UnknownModel,
    UnknownPolicy,
)
from router.kept import known
from router.ports import (
    Clock,
    DecisionLog,
    Observer,
    SessionStore,
    Signal,
    StatsStore,
    Upstream,
    Way,
)

CARD, GIVEN = "prior and difficulty", "given"
"""Sources of a predicted quality that no classifier foresaw."""

_AtOnce = Callable[[RoutedRequest], Signals | None]
_Told = dict[str, Signals | Exception | None]
"""By kind: a signal's facts, or what it raised; None if it is to be waited for."""


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """One policy with all it needs at run time. `version` is the hash of policy and catalog.

    `signals` are the kinds that the policy reads, `binding_signals` those of them that its limits
    may depend on (for requests that name their model), `all_signals` every kind (for explanations).
    `foreseen_by` tells of each model that the classifier foresees by what: measured, labels, prior;
    `own_gap` whether its complexity is that of this policy's own small and large model.
    Worked out of these: `plan` is the policy on its catalog, made ready for deciding; `judging` its
    section of that name; `name_at_version` stands in headers and in the log: `default@1a2b3c4d`.
    """

    policy: Policy
    catalog: Catalog
    version: str
    signals: Mapping[str, Signal]
    all_signals: Mapping[str, Signal]
    upstreams: Mapping[str, Upstream]
    foreseen_by: Mapping[str, str] = field(default_factory=dict)
    binding_signals: Mapping[str, Signal] | None = None
    own_gap: bool = False
    plan: Plan = field(init=False, repr=False, compare=False)
    judging: Judging | None = field(init=False, repr=False, compare=False)
    name_at_version: str = field(init=False, repr=False, compare=False)
    _simulated: Mapping[str, bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", Plan(self.policy, self.catalog))
        object.__setattr__(self, "judging", self.policy.judging)
        object.__setattr__(self, "name_at_version", f"{self.policy.name}@{self.version}")
        kinds = {name: self.catalog.upstream_of(name).kind for name in self.catalog.models}
        simulated = {name: kind == "simulated" for name, kind in kinds.items()}
        object.__setattr__(self, "_simulated", simulated)

    def signals_for(self, request: RoutedRequest) -> Mapping[str, Signal]:
        """Those that its decision depends on."""
        if request.is_routed or request.limits.min_quality is not None:
            return self.signals
        return self.signals if self.binding_signals is None else self.binding_signals

    def is_simulated(self, model: str) -> bool:
        """Whether the model's answers are made up by a simulated upstream."""
        return self._simulated[model]


class Routed(Struct, frozen=True):
    """A request with its signals and its decision. `decision_s` is the time both took."""

    id: str
    request: RoutedRequest
    in_force: PolicyInForce
    signals: Signals
    failed_signals: Mapping[str, str]
    decision: Decision
    draw: float
    decision_s: float

    def quality_source(self, model: str) -> str:
        """Where a candidate's predicted quality comes from: the classifier, if it foresaw this
        request's, else the card's prior and the request's difficulty."""
        foreseen = QUALITY + model in self.signals
        return self.in_force.foreseen_by.get(model, GIVEN) if foreseen else CARD


class Call(Struct, frozen=True):
    """A caller's request as the HTTP shell hands it over.

    `way` tells how it reaches an upstream that speaks certain endpoints. `received` is when the
    request's head came and `read` when its body had, on the monotonic clock. `status_of` tells how
    the shell answers an error. `key_name` is the name of the caller's API key. `trace` is the trace
    that it belongs to, where traces are made. `kept_as`, of forms that can go on with an answer,
    tells by which id the upstream keeps the one that it gave, None if it does not.
    """

    id: str
    endpoint: str
    request: RoutedRequest
    way: Callable[[Collection[Endpoint]], Way]
    received: float
    read: float
    status_of: Callable[[RouterError], int]
    content: bytes | None = None
    key_name: str | None = None
    trace: TraceContext | None = None
    kept_as: Callable[[], str | None] | None = None


@dataclass(frozen=True)
class Gateway:
    """Everything that serves requests, put together by `assembly.py`.

    `policies` holds at least `default_policy`, the one that "auto" means. `kept` is of what
    upstreams keep, by `State.name`.
    """

    policies: Mapping[str, PolicyInForce]
    default_policy: str
    stats: StatsStore
    sessions: SessionStore
    kept: SessionStore
    log: DecisionLog
    observers: Sequence[Observer]
    clock: Clock

    @property
    def default(self) -> PolicyInForce:
        """The policy that "auto" means."""
        return self.policies[self.default_policy]

    @property
    def simulated(self) -> bool:
        """Whether "auto" can reach nothing but simulated models."""
        return self.default.catalog.is_simulated

    async def route(self, request: RoutedRequest, id: str, everything: bool = False) -> Routed:
        """Signals and decision for a request; nobody is called.

        `everything` extracts every kind of signal, not only those that the policy reads.
        Raises UnknownPolicy, UnknownModel, what `known` raises, and InvalidRequest for what the
        policy bounds.
        """
        in_force = self._in_force(request)
        started = self.clock.elapsed()
        if request.state is not None:
            request = await known(request, request.state, in_force.catalog, self.kept)
        elif request.conversation is not None and request.held is None and request.goes_on:
            request = await self._resumed(request, request.conversation)
        extractors = in_force.all_signals if everything else in_force.signals_for(request)
        signals, failed = await _extracted(extractors, request)
        draw = _draw(request, in_force.policy, id)
        decision = decide_by(in_force.plan, request, signals, self.stats.snapshot(), draw)
        spent = self.clock.elapsed() - started
        return Routed(id, request, in_force, signals, failed, decision, draw, spent)

    async def _resumed(self, request: RoutedRequest, conversation: str) -> RoutedRequest:
        """The request with what the conversation's last answer left behind, if there was one."""
        held = await self.sessions.find(conversation)
        return request if held is None else replace(request, held=held)

    def _in_force(self, request: RoutedRequest) -> PolicyInForce:
        name = request.policy_name or self.default_policy
        in_force = self.policies.get(name)
        if in_force is None:
            known = ", ".join(sorted(self.policies))
            raise UnknownPolicy(f"There is no policy {name!r}. Loaded: {known}.", "model")
        if not request.is_routed and request.model not in in_force.catalog.models:
            choice = "" if request.is_by_name else "auto, or for "
            raise UnknownModel(
                f"The model {request.model!r} does not exist. Ask for {choice}a model that"
                " GET /v1/models lists.",
                "model",
            )
        refused = refusal(request, in_force.policy.limits)
        if refused is not None:
            raise InvalidRequest(refused.told, refused.field)
        return in_force


def _draw(request: RoutedRequest, policy: Policy, id: str) -> float:
    """The decision's own draw, or that of the conversation: it keeps its arm."""
    held = request.held
    if held is None or held.draw is None or policy.sessions.stick == "off":
        return draw_of(id)
    return held.draw


def draw_of(id: str) -> float:
    """A number in [0, 1) that belongs to a decision id, so that a logged decision replays."""
    digest = hashlib.blake2b(id.encode(), digest_size=8).digest()
    # 53 bits: all that a float holds below 1.
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def unserved(decision: Decision, cooldown_s: float, request: RoutedRequest) -> RouterError:
    """Why a decision has no candidate, as the error to raise.

    Where a model would have served but for its health the fault is passing, and retrying helps.
    """
    reasons = {r.model: r.detail for r in decision.rejected if r.code != "not_a_candidate"}
    if not reasons:
        reasons = {r.model: r.detail for r in decision.rejected}
    if any(rejection.code == "unhealthy" for rejection in decision.rejected):
        return ModelsUnavailable(reasons, cooldown_s)
    if request.state is not None and _lacking(decision, "lacks_state"):
        return NoCandidate(reasons, request.state.field)
    bound = _lacking(decision, "lacks_endpoint")
    return (
        NoCandidate(reasons, request.bound_by, request.why_bound) if bound else NoCandidate(reasons)
    )


def _lacking(decision: Decision, code: RejectionCode) -> bool:
    return any(rejection.code == code for rejection in decision.rejected)


async def _extracted(
    extractors: Mapping[str, Signal], request: RoutedRequest
) -> tuple[Signals, Mapping[str, str]]:
    """All facts, and for each kind that failed the class of its error.

    A signal that fails costs nobody an answer: its facts stay unknown and the policy's rules
    treat them so.
    """
    told: _Told = {}
    await _ask(extractors, request, told, at_once=True)
    waiting = {kind: extractors[kind] for kind, result in told.items() if result is None}
    if len(waiting) == 1:
        # As is usual: no task of its own is needed.
        await _ask(waiting, request, told)
    elif waiting:
        each = [_ask({kind: it}, request, told) for kind, it in waiting.items()]
        await asyncio.gather(*each)
    return _known(told)


async def _ask(
    extractors: Mapping[str, Signal], request: RoutedRequest, told: _Told, at_once: bool = False
) -> None:
    """Note what each signal tells, one after the other."""
    for kind, extractor in extractors.items():
        try:
            if at_once:
                tell: _AtOnce | None = getattr(extractor, "at_once", None)
                told[kind] = None if tell is None else tell(request)
            else:
                told[kind] = await extractor.extract(request)
        except Exception as error:  # noqa: BLE001  a signal may raise anything
            told[kind] = error


def _known(told: _Told) -> tuple[Signals, Mapping[str, str]]:
    signals: dict[str, SignalValue] = {}
    failed: dict[str, str] = {}
    for kind, result in told.items():
        if isinstance(result, Exception):
            failed[kind] = type(result).__name__
        elif result is not None:
            signals.update(result)
    # A number that is none passes every bound it is compared with: it counts as not known.
    for name in [
        it for it, value in signals.items() if isinstance(value, float) and not isfinite(value)
    ]:
        del signals[name]
    return signals, failed
