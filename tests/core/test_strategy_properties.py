"""One suite over every strategy: what each of them owes, whatever its options."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.decision import Candidate
from router.core.signals import Signals
from router.core.strategies import STRATEGIES
from router.core.strategies.base import cost_of
from tests.core.drawn import OPTIONS, SHARES, SIGNALS, strategy_of

CANDIDATES = st.lists(
    st.builds(
        Candidate,
        model=st.text(min_size=1, max_size=12),
        location=st.sampled_from(("local", "cloud")),
        quality=st.sampled_from((0.2, 0.8)) | SHARES,
        cost_usd=st.sampled_from((None, 0.0, 0.01)) | st.floats(0, 100),
        latency_s=st.sampled_from((0.5, 1.0)) | st.floats(0, 1000),
        specialist=st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda candidate: candidate.model,
)
every_strategy = pytest.mark.parametrize("kind", sorted(STRATEGIES))


def test_every_strategy_has_options_to_be_tested_with() -> None:
    assert OPTIONS.keys() == STRATEGIES.keys()


@every_strategy
def test_a_strategy_is_registered_under_its_own_kind(kind: str) -> None:
    assert get_args(STRATEGIES[kind].model_fields["kind"].annotation) == (kind,)


@every_strategy
@given(data=st.data(), candidates=CANDIDATES, signals=SIGNALS)
def test_a_ranking_is_sound(
    kind: str, data: st.DataObject, candidates: list[Candidate], signals: Signals
) -> None:
    strategy: Any = data.draw(strategy_of(kind))
    ranking = strategy.rank(candidates, signals)

    # All of them and no other, each once.
    assert sorted(c.model for c in ranking.candidates) == sorted(c.model for c in candidates)
    assert 1 <= ranking.good_enough <= len(candidates)
    assert ranking.reason.isascii()
    assert ranking.reason.isprintable()
    assert 0 < len(ranking.reason) <= 200


@every_strategy
@given(data=st.data(), candidates=CANDIDATES, signals=SIGNALS)
def test_the_order_does_not_depend_on_the_order_of_the_candidates(
    kind: str, data: st.DataObject, candidates: list[Candidate], signals: Signals
) -> None:
    strategy: Any = data.draw(strategy_of(kind))
    shuffled = data.draw(st.permutations(candidates))

    assert strategy.rank(shuffled, signals) == strategy.rank(candidates, signals)


@every_strategy
@given(data=st.data(), candidates=CANDIDATES, signals=SIGNALS)
def test_a_worse_model_never_overtakes_its_better_twin(
    kind: str, data: st.DataObject, candidates: list[Candidate], signals: Signals
) -> None:
    strategy: Any = data.draw(strategy_of(kind))
    better = candidates[0]
    cost = None if better.cost_usd is None else better.cost_usd + 1
    worse = Candidate("zz-twin", "local", better.quality / 2, cost, better.latency_s + 1)
    models = [c.model for c in strategy.rank([*candidates, worse], signals).candidates]

    if better.model < worse.model:
        assert models.index(better.model) < models.index(worse.model)


@given(candidates=CANDIDATES, bar=SHARES, within=SHARES)
def test_only_what_reaches_the_bar_or_nearly_the_best_is_good_enough(
    candidates: list[Candidate], bar: float, within: float
) -> None:
    cheap: Any = STRATEGIES["cheapest_good_enough"].model_validate(
        {"kind": "cheapest_good_enough", "min_quality": bar, "within": within}
    )
    ranking = cheap.rank(candidates, {"difficulty": 0.0})
    best = max(c.quality for c in candidates)
    good = ranking.candidates[: ranking.good_enough]

    assert all(c.quality >= min(bar, best - within) for c in good)
    assert {c.model for c in candidates if c.quality >= bar} <= {c.model for c in good}
    assert [cost_of(c) for c in good] == sorted(cost_of(c) for c in good)


@given(candidates=CANDIDATES, bars=st.tuples(SHARES, SHARES), within=SHARES)
def test_asking_for_more_never_makes_more_good_enough(
    candidates: list[Candidate], bars: tuple[float, float], within: float
) -> None:
    low, high = (
        STRATEGIES["cheapest_good_enough"]
        .model_validate({"kind": "cheapest_good_enough", "min_quality": bar, "within": within})
        .rank(candidates, {"difficulty": 0.0})
        .good_enough
        for bar in sorted(bars)
    )

    assert high <= low
