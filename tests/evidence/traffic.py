"""Simulated traffic: sessions of uneven size, costs with heavy tails, and habits of their own.

The truth that intervals are to cover is that of 200,000 further sessions.
"""

from dataclasses import dataclass

import numpy as np

from router.core.ledger import NANO, ClusterSums
from router.evidence.bounds import Floats

MANY = 200_000


@dataclass(frozen=True, slots=True)
class Requests:
    """Of runs x sessions: `who` is the session of each request (counted through), costs in USD."""

    runs: int
    sessions: int
    who: np.ndarray[tuple[int], np.dtype[np.int64]]
    baseline: Floats
    routed: Floats

    def by_session(self, values: Floats) -> Floats:
        """Sums [runs, sessions]."""
        sums = np.bincount(self.who, values, self.runs * self.sessions)
        return np.asarray(sums.reshape(self.runs, self.sessions), dtype=np.float64)


def traffic(random: np.random.Generator, runs: int, sessions: int, tail: float = 1.2) -> Requests:
    """Most sessions have a few requests, one in twenty eight times as many; a request costs e to a
    normal of deviation `tail`, and its session makes all of its requests dearer or cheaper. How
    much of it goes to a model at a tenth of the price is the session's habit; the rest costs what
    the baseline does, more or less, and each request 0.02 for the router itself."""
    shape = (runs, sessions)
    size = random.geometric(0.25, shape) * np.where(random.random(shape) < 0.05, 8, 1)
    dear, easy = random.lognormal(0, 0.5, shape), random.beta(2, 1.2, shape)
    who = np.repeat(np.arange(runs * sessions), size.ravel())
    baseline = random.lognormal(0, tail, len(who)) * dear.ravel()[who]
    small = random.random(len(who)) < easy.ravel()[who]
    large = baseline * random.lognormal(0, 0.3, len(who))
    return Requests(runs, sessions, who, baseline, np.where(small, baseline * 0.1, large) + 0.02)


def savings(random: np.random.Generator, runs: int, sessions: int, tail: float = 1.2) -> Floats:
    """Net saving and baseline of each session [runs, sessions, 2]."""
    drawn = traffic(random, runs, sessions, tail)
    net = drawn.by_session(drawn.baseline - drawn.routed)
    return np.stack([net, drawn.by_session(drawn.baseline)], axis=-1)


def experiments(
    random: np.random.Generator, runs: int, sessions: int, share: float, whole_sessions: bool
) -> Floats:
    """Requests and spending of control, then of the treated [runs, sessions, 4]; who is which is
    drawn for each request, or for whole sessions."""
    drawn = traffic(random, runs, sessions)
    lot = random.random(runs * sessions)[drawn.who] if whole_sessions else None
    control = (random.random(len(drawn.who)) if lot is None else lot) < share
    first = np.asarray(control, dtype=np.float64)
    columns = (first, drawn.baseline * first, 1 - first, drawn.routed * (1 - first))
    return np.stack([drawn.by_session(it) for it in columns], axis=-1)


def sums_of(rows: Floats) -> tuple[ClusterSums, ...]:
    """Net and baseline [n, 2] as the ledger would tell them, a request each."""
    return tuple(
        ClusterSums(
            at,
            requests=1,
            priced_requests=1,
            baseline_nano=round(baseline * NANO),
            answer_nano=round((baseline - net) * NANO),
        )
        for at, (net, baseline) in enumerate(rows)
    )
