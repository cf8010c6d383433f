"""RollUp: what rows of the decision log add to the ledger's sums. Pure: values in, sums out.

Rule: whatever is summed here is a whole number, so that no order of adding changes a sum.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import ceil
from operator import add, itemgetter
from typing import Any, NamedTuple
from zlib import crc32

from router.core.buckets import bucket_of
from router.core.ledger import CLUSTERS, SECONDS_PER_DAY, SECONDS_PER_HOUR, TOTALS, Window, nano
from router.stores.summed_tags import SummedTags

ALL, FULL, TIMES, HOURS, LIFTED = "all", "full", "times", "hours", "lifted"
LEVELS: tuple[str, ...] = ("policy_version", "rule", "domain", "model", "key_name")
"""Sums are kept by all of these together and in all, and once a day is over by each alone. TIMES
stands for the histograms of a day, HOURS for its hourly sums at the levels of HOURLY. LIFTED:
the day's full sums by cluster are added to each of LEVELS as they leave the open table."""

HOURLY = (ALL, "model", "policy_version")
"""Levels of hourly sums that are kept from a day's first row on: there are few of them, and pages
read them with every look."""

TAG = "tag"
"""The level of sums by tag, which are kept from a day's first row on and of tagged rows alone. No
tag stands there for any tag: what all rows have beside it is the sum of those without one."""

SECONDS_PER_WEEK = 7 * SECONDS_PER_DAY

ALWAYS = ("arm", "baseline", "simulated")
"""What every sum is told apart by: figures of different kinds never meet in one."""

MICRO = 1_000_000
"""Parts of a score, a watt-hour and a gram that are summed."""

Key = tuple[Any, ...]
"""A roll-up's key: its level, then ALWAYS, then LEVELS, None where not told apart; of TAG then the
tag."""

Sums = dict[tuple[Any, ...], list[int]]
"""Figures by key, time and whatever else they are told apart by, in this order."""

_NO_TAGS = "[]"
_NO_LEVEL = (None,) * len(LEVELS)
_ALWAYS = 1 + len(ALWAYS)
_OF_A_KEY = len(ALWAYS) + len(LEVELS)


class Row(NamedTuple):
    """The stored values that a row's sums are made of. ALWAYS and LEVELS lead, in their order."""

    arm: str
    baseline: str | None
    simulated: int
    policy_version: str
    rule: str
    domain: str | None
    model: str | None
    key_name: str | None
    id: str
    session: str | None
    at: float
    outcome: str
    location: str | None
    fallbacks: int
    explored: int
    stream: int
    unpriced: str | None
    usage_estimated: int
    cost_usd: float | None
    escalation_usd: float | None
    own_usd: float | None
    baseline_usd: float | None
    baseline_low_usd: float | None
    baseline_high_usd: float | None
    cache_loss_usd: float
    input_tokens: int | None
    output_tokens: int | None
    cached_input_tokens: int | None
    reasoning_tokens: int | None
    energy_low_wh: float | None
    energy_high_wh: float | None
    co2_low_g: float | None
    co2_high_g: float | None
    total_s: float
    first_byte_s: float | None
    overhead_s: float
    tags: str


def full_key(row: Row) -> Key:
    """The key of a row by everything together."""
    return (FULL, *row[:_OF_A_KEY])


def tag_key(row: Row, name: str | None) -> Key:
    """The key of a row by a tag; None: by any."""
    return (TAG, *row[: len(ALWAYS)], *_NO_LEVEL, name)


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


def week_of(at: float) -> int:
    """The start of the week, in Unix seconds: a Thursday, as the epoch's first day was."""
    return int(at // SECONDS_PER_WEEK) * SECONDS_PER_WEEK


def rounded(window: Window, step: int) -> tuple[int, int]:
    """A window's ends, outwards to whole steps of so many seconds."""
    return int(window.since // step) * step, ceil(window.until / step) * step


def cluster_of(session: str | None, id: str) -> int:
    """The cluster of a session, else of a request that belongs to none: 0 to CLUSTERS - 1."""
    return crc32((session or id).encode("utf-8", "replace")) % CLUSTERS


class Said(NamedTuple):
    """What a source says of a decision; `before` is the score that it takes back, `first` whether
    nobody had judged the decision."""

    source: str
    score: float
    at: float
    before: float | None
    first: bool


class RollUp:
    """What some rows sum to, by full key. `summed_under` tells what the sums of a tag stand under:
    its own name, or one that it shares."""

    def __init__(self, summed_under: Callable[[str], str] = str) -> None:
        self._tags = SummedTags(summed_under)
        self.hourly: Sums = {}
        self.clusters: Sums = {}
        self.tagged_hourly: Sums = {}
        self.tagged_clusters: Sums = {}
        self.tag_sets: Sums = {}
        self.histograms: dict[tuple[str, str, int, int], int] = {}
        self.feedback: Sums = {}
        self.judged: dict[tuple[int, int], int] = {}
        self.scores: list[tuple[Any, ...]] = []

    def add(self, row: Row) -> None:
        """One more row."""
        at, full, totals = row.at, full_key(row), totals_of(row)
        hour = hour_of(at)
        add_to(self.hourly, (full, hour), totals)
        cluster, of_a_cluster = cluster_of(row.session, row.id), _of_a_cluster(totals)
        add_to(self.clusters, (full, day_of(at), cluster), of_a_cluster)
        self.add_tagged(row, at, totals, of_a_cluster)
        model, histograms = row.model or "", self.histograms
        for measure, value in (
            ("total_s", row.total_s),
            ("first_byte_s", row.first_byte_s),
            ("overhead_s", row.overhead_s),
            # Where tokens were only counted there is no cost to be small or large.
            ("cost_usd", row.cost_usd if row.input_tokens or row.output_tokens else None),
        ):
            if value is not None:
                place = (measure, model, hour, bucket_of(value))
                histograms[place] = histograms.get(place, 0) + 1

    def add_tagged(
        self, row: Row, at: float, totals: Sequence[int], of_a_cluster: Sequence[int]
    ) -> None:
        """Add figures of this moment to those of a row's tags, if it has any."""
        if row.tags == _NO_TAGS:
            return
        hour, day, cluster = hour_of(at), day_of(at), cluster_of(row.session, row.id)
        told = self._tags.of(row.tags)
        add_to(self.tag_sets, (full_key(row), day, told.text, cluster), of_a_cluster)
        for name in (None, *told.names):
            key = tag_key(row, name)
            add_to(self.tagged_hourly, (key, hour), totals)
            add_to(self.tagged_clusters, (key, day, cluster), of_a_cluster)

    def judge(self, row: Row, said: Said) -> None:
        """What a source says of a row's decision."""
        hour, sums = hour_of(row.at), [1, *_scores(said.score)]
        if said.before is not None:
            before = [1, *_scores(said.before)]
            sums = [new - old for new, old in zip(sums, before, strict=True)]
        add_to(self.feedback, (full_key(row), hour, said.source), sums)
        if row.tags != _NO_TAGS:
            for name in self._tags.of(row.tags).names:
                add_to(self.feedback, (tag_key(row, name), hour, said.source), sums)
        if said.first:
            place = (row.simulated, hour)
            self.judged[place] = self.judged.get(place, 0) + 1
        of_a_session = (hour, row.simulated, row.session or row.id, row.arm, said.source)
        self.scores.append((*of_a_session, said.at, *sums[:2]))


def totals_of(row: Row) -> list[int]:
    """One row's part in every figure of TOTALS, in order."""
    outcome = row.outcome
    answered = row.model is not None and outcome != "refused"
    answer = nano(row.cost_usd) if answered else 0
    escalation, own = nano(row.escalation_usd), nano(row.own_usd)
    paid = answered or escalation > 0 or own > 0
    priced = paid and row.unpriced is None and row.baseline is not None
    return [
        1,
        *_OUTCOMES[outcome],
        int(row.location == "local"),
        row.fallbacks,
        row.explored,
        row.stream,
        int(priced),
        int(row.unpriced is not None),
        int(row.usage_estimated and answered),
        answer + escalation + own,
        *(_priced(row, answer, escalation) if priced else _NOT_PRICED),
        own,
        nano(row.cache_loss_usd) if priced else 0,
        row.input_tokens or 0,
        row.output_tokens or 0,
        row.cached_input_tokens or 0,
        row.reasoning_tokens or 0,
        *(_NOT_METERED if row.energy_low_wh is None else _footprint(row)),
    ]


_NAMED = TOTALS[TOTALS.index("requests") + 1 : TOTALS.index("local")]
_OUTCOMES = {name: tuple(int(it == name) for it in _NAMED) for name in _NAMED}
_NOT_PRICED, _NOT_METERED = (0,) * 5, (0,) * 5

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


def _priced(row: Row, answer: int, escalation: int) -> tuple[int, ...]:
    return (
        nano(row.baseline_usd),
        nano(row.baseline_low_usd),
        nano(row.baseline_high_usd),
        answer,
        escalation,
    )


def _footprint(row: Row) -> tuple[int, ...]:
    wh_and_grams = (row.energy_low_wh, row.energy_high_wh, row.co2_low_g, row.co2_high_g)
    return (1, *(round((it or 0.0) * MICRO) for it in wh_and_grams))


def _scores(score: float) -> list[int]:
    return [round(score * MICRO), round(score * score * MICRO)]


def add_to(sums: Sums, place: tuple[Any, ...], more: Sequence[int]) -> None:
    """Add some figures to those of a place."""
    known = sums.get(place)
    sums[place] = list(more) if known is None else list(map(add, known, more))
