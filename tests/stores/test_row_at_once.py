"""A row that is read at once, beside the same one read value by value."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from router.core.baseline import PricedBaseline
from router.core.bill import Bill
from router.core.energy import Footprint
from router.core.event import Content, RoutingEvent
from router.core.ledger import PriceSheet
from router.core.session import Held
from router.stores.decision_columns import COLUMNS
from router.stores.decision_row import _read_one_by_one, encoded
from router.stores.row_at_once import read_at_once
from tests.fakes.events import EVENT, an_event, decided, unanswered

WHOLE = Bill(
    baseline=PricedBaseline(0.5, 0.4, 0.6),
    priced_by=PriceSheet("p1", "{}"),
    footprint=Footprint(1.0, 2.0, None, None, "the card"),
)
EVENTS = [
    EVENT,
    unanswered(),
    an_event(usage=None, cost_usd=None, model=None),
    an_event(bill=WHOLE, held=Held("small", 5, 1.5), content=Content("a\nb", "c\u2028d")),
    an_event(signals={"a": "two\nlines", "b": "\u2028", "c": 1.5}, stream=True),
    an_event(failed_signals={}, attempts=()),
]


@pytest.mark.parametrize("event", EVENTS)
def test_it_is_the_row_that_its_values_make_one_by_one(event: RoutingEvent) -> None:
    assert read_at_once(event) == _read_one_by_one(event) == encoded(event)


def test_nothing_of_a_row_is_kept_by_what_reads_it() -> None:
    rows = 3000
    held = []
    tracemalloc.start(1)
    try:
        # The interpreter itself keeps some two thousand empty tuples for later.
        for _ in range(2):
            for _ in range(rows):
                read_at_once(EVENT)
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[1] - held[0] < 16 * rows


def mended(event: RoutingEvent) -> dict[str, Any]:
    return dict(zip((column.name for column in COLUMNS), encoded(event), strict=True))


def test_what_cannot_be_stored_as_it_stands_is_mended() -> None:
    timings = replace(EVENT.timings, first_byte_s=float("inf"))
    odd = an_event(
        session="half \ud800", cost_usd=np.float64(0.5), stream=np.bool_(True), timings=timings
    )
    row = mended(odd)
    assert (row["session"], row["cost_usd"], row["first_byte_s"]) == ("half ?", 0.5, None)
    assert (row["stream"], type(row["cost_usd"]), type(row["stream"])) == (1, float, int)


def test_what_a_signal_left_in_numpys_types_is_told_in_pythons() -> None:
    row = mended(an_event(signals={"score": np.float32(0.5), "\ud800": "\ud800"}))
    assert row["signals"] == '{"score":0.5,"?":"?"}'


@pytest.mark.parametrize("number", [None, float("nan")])
def test_a_row_that_lacks_what_none_may_lack_is_refused_by_its_name(number: Any) -> None:
    with pytest.raises(ValueError, match="confidence is missing"):
        encoded(an_event(decision=decided(confidence=number)))
