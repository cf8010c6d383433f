"""What every strategy has: frozen options read from YAML, and one pure `rank`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from pydantic import BaseModel, ConfigDict

from router.core.decision import Candidate
from router.core.signals import Signals

QUALITY_SIGNALS = ("difficulty", "domain", "task")
"""What predicted quality is made from; see `quality.py`."""


class Ranking(Struct, frozen=True):
    """Candidates best first, and one sentence in ASCII why the first leads.

    `good_enough` counts how many, from the front, the strategy would be content with: only these
    take part in exploration.
    """

    candidates: tuple[Candidate, ...]
    reason: str
    good_enough: int


class StrategyOptions(BaseModel, ABC):
    """A strategy's options. `reads` names the signals its order depends on."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    reads: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def rank(self, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
        """All of `candidates` (at least one), best first."""


def cost_of(candidate: Candidate) -> float:
    """Expected cost for ordering, with what a change of model loses; the dearest if not known."""
    cost = candidate.cost_usd
    return float("inf") if cost is None else cost + candidate.switch_cost_usd


def by_quality(candidate: Candidate) -> tuple[float, float, str]:
    """Sort key: better first, among equals the cheaper, then by name so that order is total."""
    return (-candidate.quality, cost_of(candidate), candidate.model)


def by_cost(candidate: Candidate) -> tuple[float, float, str]:
    """Sort key: cheaper first, among equals the better, then by name."""
    return (cost_of(candidate), -candidate.quality, candidate.model)
