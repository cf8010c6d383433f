"""RollUp: what rows of the decision log add to the ledger's sums. Pure: values in, sums out.

Rule: whatever is summed here is a whole number, so that no order of adding changes a sum.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import add, itemgetter
from typing import Any
from zlib import crc32

from router.core.buckets import bucket_of
from router.core.ledger import CLUSTERS, SECONDS_PER_DAY, SECONDS_PER_HOUR, TOTALS, nano

Row = Mapping[str, Any]
"""Stored values by column, as `encoded` makes them."""

ALL, FULL, TIMES = "all", "full", "times"
LEVELS: tuple[str, ...] = ("policy_version", "rule", "domain", "model", "key_name")
"""Sums are kept by all of these together, and once a day is over in all and by each alone; TIMES
stands for the histograms of a day."""

ALWAYS = ("arm", "baseline", "simulated")
"""What every sum is told apart by: figures of different kinds never meet in one."""

_MICRO = 1_000_000
_MEASURES = ("total_s", "first_byte_s", "overhead_s", "cost_usd")

Key = tuple[Any, ...]
"""A roll-up's key: its level, then ALWAYS, then LEVELS, None where not told apart."""

_ALWAYS = 1 + len(ALWAYS)
_told = itemgetter(*ALWAYS, *LEVELS)


def full_key(row: Row) -> Key:
    """The key of a row by everything together."""
    return (FULL, *_told(row))


@lru_cache(4096)
def keys_above(full: Key) -> Mapping[str, Key]:
    """The keys of what the sums of a full key are part of, by level."""
    head, told = full[1:_ALWAYS], full[_ALWAYS:]
    above = {ALL: (ALL, *head, *(None for _ in told))}
    for index, level in enumerate(LEVELS):
        alone = (value if at == index else None for at, value in enumerate(told))
        above[level] = (level, *head, *alone)
    return above


def hour_of(at: float) -> int:
    """The start of the hour, in Unix seconds."""
    return int(at // SECONDS_PER_HOUR) * SECONDS_PER_HOUR


def day_of(at: float) -> int:
    """The start of the UTC day, in Unix seconds."""
    return int(at // SECONDS_PER_DAY) * SECONDS_PER_DAY


def cluster_of(session: str | None, id: str) -> int:
    """The cluster of a session, else of a request that belongs to none: 0 to CLUSTERS - 1."""
    return crc32((session or id).encode("utf-8", "replace")) % CLUSTERS


class RollUp:
    """What some rows sum to, by full key."""

    def __init__(self) -> None:
        self.hourly: dict[tuple[Key, int], list[int]] = {}
        self.clusters: dict[tuple[Key, int, int], list[int]] = {}
        self.histograms: dict[tuple[str, str, int, int], int] = {}
        self.feedback: dict[tuple[Key, int, str], list[int]] = {}

    def add(self, row: Row) -> None:
        """One more row."""
        at, full, totals = row["at"], full_key(row), totals_of(row)
        hour = hour_of(at)
        _add(self.hourly, (full, hour), totals)
        cluster = cluster_of(row["session"], row["id"])
        _add(self.clusters, (full, day_of(at), cluster), _of_a_cluster(totals))
        model = row["model"] or ""
        for measure in _MEASURES:
            if (value := row[measure]) is not None:
                place = (measure, model, hour, bucket_of(value))
                self.histograms[place] = self.histograms.get(place, 0) + 1

    def judge(self, row: Row, source: str, score: float, before: float | None) -> None:
        """What a source says of a row's decision; `before` is the score that it takes back."""
        said = [1, *_scores(score)]
        if before is not None:
            said = [new - old for new, old in zip(said, [1, *_scores(before)], strict=True)]
        _add(self.feedback, (full_key(row), hour_of(row["at"]), source), said)


def totals_of(row: Row) -> list[int]:
    """One row's part in every figure of TOTALS, in order."""
    outcome = row["outcome"]
    answered = row["model"] is not None and outcome != "refused"
    answer = nano(row["cost_usd"]) if answered else 0
    escalation, own = nano(row["escalation_usd"]), nano(row["own_usd"])
    paid = answered or escalation > 0 or own > 0
    priced = paid and row["unpriced"] is None and row["baseline"] is not None
    figures: dict[str, int] = {
        "requests": 1,
        outcome: 1,
        "local": int(row["location"] == "local"),
        "fallbacks": row["fallbacks"],
        "explored": row["explored"],
        "streamed": row["stream"],
        "priced": int(priced),
        "unpriced": int(row["unpriced"] is not None),
        "estimated": int(row["usage_estimated"] and answered),
        "spend_nano": answer + escalation + own,
        **{name: row[name] or 0 for name in _TOKENS},
        **_footprint(row),
    }
    if priced:
        figures |= {
            "baseline_nano": nano(row["baseline_usd"]),
            "baseline_low_nano": nano(row["baseline_low_usd"]),
            "baseline_high_nano": nano(row["baseline_high_usd"]),
            "answer_nano": answer,
            "escalation_nano": escalation,
            "own_nano": own,
            "cache_loss_nano": nano(row["cache_loss_usd"]),
        }
    return [figures.get(name, 0) for name in TOTALS]


_TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens")
_of_a_cluster = itemgetter(
    *(
        TOTALS.index(name)
        for name in (
            "requests",
            "priced",
            "unpriced",
            "baseline_nano",
            "baseline_low_nano",
            "baseline_high_nano",
            "answer_nano",
            "escalation_nano",
            "own_nano",
            "cache_loss_nano",
        )
    )
)
"""The figures of a cluster, out of a row's totals."""


def _footprint(row: Row) -> dict[str, int]:
    if row["energy_low_wh"] is None:
        return {}
    return {
        "metered": 1,
        "energy_low_uwh": round(row["energy_low_wh"] * _MICRO),
        "energy_high_uwh": round(row["energy_high_wh"] * _MICRO),
        "co2_low_ug": round((row["co2_low_g"] or 0.0) * _MICRO),
        "co2_high_ug": round((row["co2_high_g"] or 0.0) * _MICRO),
    }


def _scores(score: float) -> list[int]:
    return [round(score * _MICRO), round(score * score * _MICRO)]


def _add(sums: dict[Any, list[int]], place: Any, more: Sequence[int]) -> None:
    known = sums.get(place)
    sums[place] = list(more) if known is None else list(map(add, known, more))
