"""The statement: every figure by name, and no headline saving where quality is not known."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from router.core.buckets import bucket_of
from router.core.ledger import (
    NANO,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    Arm,
    ClusterSums,
    Point,
    Totals,
    Window,
)
from router.core.session_score import SessionScore
from router.evidence.plain import plain
from router.evidence.statement import Books, Month, statement
from tests.evidence.traffic import sums_of

HOURS = 48
WINDOW = Window(0.0, HOURS * 3600.0)

BASELINE = "always:large"


def clusters(share: float = 0.5) -> tuple[ClusterSums, ...]:
    random = np.random.default_rng(0)
    baseline = random.lognormal(0, 0.5, 120)
    saved = baseline * (share + random.normal(0, 0.1, 120))
    return sums_of(np.stack([saved, baseline], axis=-1))


def hours() -> list[Point]:
    each = Totals(
        requests=10,
        ok=9,
        local=6,
        fallbacks=1,
        priced=9,
        unpriced=1,
        baseline_nano=5,
        answer_nano=2,
    )
    return [Point(at * SECONDS_PER_HOUR, None, each) for at in range(HOURS)]


def scores() -> list[SessionScore]:
    arms: tuple[Arm, ...] = ("treated", "control")
    return [SessionScore(str(at), arms[at % 2], "user", at, 1, 1.0) for at in range(600)]


BOOKS = Books(
    window=WINDOW,
    baselines={BASELINE: clusters(), "requested": clusters(-0.2)},
    groups={"rule": {"easy": clusters(), None: clusters()[:5]}},
    hours=hours(),
    costs=[{bucket_of(0.01): 20}] * HOURS,
    scores=scores(),
    judged=[5] * HOURS,
    answered=[9] * HOURS,
    month=Month(10.0, [2.0] * 10, 4.5),
)
"""Two days of ten requests an hour."""


def test_every_figure_has_its_name() -> None:
    found = statement(BOOKS)

    assert set(found.figures) == {
        *("saved", "saved_usd", "measured_saved", "measured_saved_usd"),
        *("quality", "quality.user", "quality.judge", "quality.check", "judged"),
        "quality.shadow",
        *(
            "added_p50",
            "added_p99",
            "cost_p50",
            "cost_p95",
            "ok",
            "local",
            "fallback",
            "unpriced",
            "month_spend",
        ),
    }
    assert found.figures["ok"].value == pytest.approx(0.9)
    assert found.figures["judged"].value == pytest.approx(5 / 9)
    assert found.figures["month_spend"].value == pytest.approx(19.0)


def test_without_anything_at_all_every_figure_says_so_and_none_is_zero() -> None:
    found = statement(Books(WINDOW, {}))

    assert {it.state for it in found.figures.values()} == {"not_measured"}
    assert {it.value for it in found.figures.values()} == {None}
    assert found.totals == Totals() and found.days == []


def test_a_saving_is_the_headline_only_beside_what_is_known_of_quality() -> None:
    judged, unjudged = statement(BOOKS), statement(replace(BOOKS, scores=()))

    assert judged.headline.startswith("Saved 49 % [")
    assert judged.headline.endswith(judged.verdict.sentence)
    assert unjudged.headline.startswith(
        "Spend avoided, quality not measured. Avoided spending 49 %"
    )
    assert "Saved" not in unjudged.headline


def test_each_baseline_stands_for_itself() -> None:
    found = statement(BOOKS)

    assert found.saving.baseline == BASELINE
    assert [it.baseline for it in found.others] == ["requested"]
    assert found.figures["saved"] == found.saving.share
    assert found.others[0].share.sentence.startswith("Cost ")


def test_what_is_priced_and_what_was_measured_stay_apart() -> None:
    found = statement(replace(BOOKS, control=clusters(0.0), treated=clusters(0.6)))

    assert found.figures["saved"].basis == "priced"
    assert found.figures["measured_saved"].basis == "measured"
    assert found.figures["measured_saved"].value == pytest.approx(0.6, abs=0.05)


def test_days_sum_up_their_hours() -> None:
    days = statement(BOOKS).days

    assert [(it.at, it.requests) for it in days] == [(0, 240), (SECONDS_PER_DAY, 240)]
    assert [(it.spent_nano, it.baseline_nano) for it in days] == [(48, 120)] * 2


def _holes(value: object) -> bool:
    """Whether anything in it is no plain value."""
    if isinstance(value, Mapping):
        return any(not isinstance(key, str) or _holes(it) for key, it in value.items())
    if isinstance(value, list | tuple):
        return any(map(_holes, value))
    return not (value is None or isinstance(value, str | int | float | bool))


def test_it_is_told_in_plain_values_with_parts_that_add_up() -> None:
    told = plain(statement(BOOKS))

    assert not _holes(told)
    saving = told["saving"]
    assert sum(saving["parts_usd"].values()) == pytest.approx(saving["net_usd"], abs=1 / NANO)
    assert told["figures"]["saved"]["state"] == "value"
    assert [(it["of"], it["thin"]) for it in told["groups"]["rule"]] == [
        ("easy", False),
        (None, True),
    ]
