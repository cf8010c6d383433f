"""How far what is asked has moved from what a classifier was trained on, signal by signal.

Rule: like is compared with like. Where a policy's small and large model are both known, complexity
is their own gap and no longer what was recorded in training: then that is said.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from router.core.signals import Signals
from router.evidence.drift import Drift, drift_of_labels, drift_of_numbers
from router.evidence.figure import not_measured
from router.stores.recent_signals import Seen

NUMBERS = ("complexity", "complexity_confidence", "domain_confidence", "task_confidence")
LABELS = ("domain", "task", "abstain")
OF_THE_PAIR = frozenset({"complexity", "complexity_confidence"})

Distribution = Mapping[str, Any]
"""As a manifest holds it: counts in equal pieces of [0, 1], or by label."""


def input_drift(
    distribution: Distribution, seen: Sequence[Seen], own_gap: Collection[str]
) -> list[dict[str, Any]]:
    """Each signal's drift, of the requests that a classifier judged; `own_gap` are the policies
    whose complexity is their own models'. Raises what an odd `distribution` raises."""
    plain = [it.signals for it in seen if it.policy not in own_gap]
    every = [it.signals for it in seen]
    return [_told(it) for it in _drifts(distribution, plain, every)]


def _drifts(
    distribution: Distribution, plain: Sequence[Signals], every: Sequence[Signals]
) -> Iterator[Drift]:
    for name in NUMBERS:
        among = plain if name in OF_THE_PAIR else every
        if among or not every:
            values = [float(it[name]) for it in among if name in it]
            yield drift_of_numbers(name, distribution.get(name, ()), values)
        else:
            sentence = f"{name} is that of the policy's own two models, unlike in training."
            yield Drift(name, not_measured(f"drift.{name}", "index", sentence))
    for name in LABELS:
        labels = [str(it[name]) for it in every if name in it]
        # A flag is written as JSON has it.
        told = [it.lower() for it in labels] if name == "abstain" else labels
        yield drift_of_labels(name, distribution.get(name, {}), told)


def _told(it: Drift) -> dict[str, Any]:
    return {"signal": it.signal, "chance": it.chance, **asdict(it.figure)}
