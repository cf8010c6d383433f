"""Runtime: the one mutable thing of a running process: which gateway serves, and how it fares.

Rule: a request takes `gateway` once, at its start, and keeps it to its end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from secrets import token_bytes

from router.core.trace_context import TraceContext
from router.gateway import Gateway
from router.gathering import UnderWay
from router.keyring import Keyring
from router.ledger import Ledger, Repeats, Scores, TagSets
from router.policyfile import LoadedPolicy
from router.ports import Decisions
from router.recording import Trace
from router.settings import Settings
from router.stores.decision_pages import DecisionPages
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_repeats import SQLiteRepeats
from router.stores.sqlite_scores import SQLiteScores
from router.stores.sqlite_tag_sets import SQLiteTagSets


@dataclass(frozen=True, slots=True)
class Reload:
    """How the last reading of the policy files went. `at` is Unix time in seconds."""

    at: float
    error: str | None = None


@dataclass
class Runtime:
    """What the HTTP shell reads while the process runs.

    `metrics` gives the exposition and its content type. `accepting` turns False on shutdown.
    `session_key` keys the pseudonyms of sessions, `keyring` knows the callers' API keys.
    `policies` gives the files that `gateway` was built from, by policy, `artifacts` the folders
    of their classifiers. `trace` gives the trace of a request, by its `traceparent` and its id;
    None where no traces are made. `under_way` counts its requests.
    `review` has an answer reviewed that was drawn for it; None where nothing is. `stopped` is when
    `accepting` turned False, on the monotonic clock.
    """

    gateway: Gateway
    settings: Settings
    metrics: Callable[[], tuple[bytes, str]]
    reload: Reload
    started: float
    accepting: bool = True
    session_key: bytes = field(default_factory=lambda: token_bytes(32), repr=False)
    keyring: Keyring = field(default_factory=Keyring)
    policies: Callable[[], Mapping[str, LoadedPolicy]] = dict
    artifacts: Callable[[], Mapping[str, Path]] = dict
    trace: Callable[[str | None, str], TraceContext] | None = None
    under_way: UnderWay = field(default_factory=UnderWay)
    review: Callable[[Trace], None] | None = None
    stopped: float | None = None

    def stop(self, at_once: bool = False) -> None:
        """No further request is let in; what is under way has its time from now on, or none."""
        self.accepting = False
        if at_once:
            self.stopped = -inf
        elif self.stopped is None:
            self.stopped = self.gateway.clock.elapsed()

    @property
    def time_to_stop_s(self) -> float:
        """What is left of the time that a shutdown may take, in seconds."""
        stopped = self.stopped
        passed = 0.0 if stopped is None else self.gateway.clock.elapsed() - stopped
        return max(self.settings.shutdown_s - passed, 0.0)

    @property
    def decisions(self) -> Decisions:
        """Reads the decision log; it holds nothing open."""
        return DecisionPages(self.settings.decision_log)

    @property
    def ledger(self) -> Ledger:
        """Sums over the decision log."""
        return SQLiteLedger(self.settings.decision_log)

    @property
    def tag_sets(self) -> TagSets:
        """Sums of tagged requests by something else too."""
        return SQLiteTagSets(self.settings.decision_log)

    @property
    def scores(self) -> Scores:
        """What was said of answers, session by session."""
        return SQLiteScores(self.settings.decision_log)

    @property
    def repeats(self) -> Repeats:
        """Requests that were asked, or sent to a model, again."""
        return SQLiteRepeats(self.settings.decision_log)
