"""Which answers are judged: by a lot of their own, that nothing else can tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from router.core.judging import Judging, Lot, judging_draw, lot_of
from router.gateway import draw_of

IDS = [f"dec_{number:026x}" for number in range(20_000)]
shares = st.floats(0, 1)


def test_the_share_is_judged_and_the_shadowed_are_among_it() -> None:
    judging = Judging(model="m", share=0.2, shadow=0.05)

    lots = [lot_of(judging, id) for id in IDS]

    # Four standard errors of a share of 20,000; the ids are fixed, so this cannot fail by chance.
    assert sum(lot is not None for lot in lots) / len(IDS) == pytest.approx(0.2, abs=0.012)
    assert lots.count(Lot(shadow=True)) / len(IDS) == pytest.approx(0.05, abs=0.007)


def test_a_lot_knows_nothing_of_the_arm_that_was_drawn() -> None:
    judging = Judging(model="m", share=0.3)
    control = [draw_of(id) >= 0.9 for id in IDS]
    drawn = [lot_of(judging, id) is not None for id in IDS]

    both = sum(a and b for a, b in zip(control, drawn, strict=True)) / sum(control)

    assert both == pytest.approx(0.3, abs=0.045)
    assert sum(drawn) / len(IDS) == pytest.approx(0.3, abs=0.014)


@given(st.text(max_size=40), shares, shares, shares)
def test_a_lot_replays_and_a_larger_share_judges_all_that_a_smaller_did(
    id: str, low: float, high: float, shadow: float
) -> None:
    shadow, low, high = sorted((low, high, shadow))
    some = Judging(model="m", share=low, shadow=shadow)
    more = Judging(model="other", share=high, shadow=shadow)

    lot = lot_of(some, id)

    assert lot == lot_of(some, id)
    assert lot is None or lot == lot_of(more, id)
    assert 0 <= judging_draw(id) < 1


def test_a_share_of_nothing_judges_nothing_and_of_all_everything() -> None:
    assert not any(lot_of(Judging(model="m", share=0.0), id) for id in IDS[:500])
    assert all(lot_of(Judging(model="m", share=1.0), id) for id in IDS[:500])


@pytest.mark.parametrize(
    "given", [{"share": 0.1, "shadow": 0.2}, {"share": 1.1}, {"share": 0.1, "usd_per_day": 0}, {}]
)
def test_what_makes_no_sense_is_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Judging.model_validate({"model": "m", **given})
