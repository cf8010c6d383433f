"""Which answers are not judged, and that nobody is asked about them."""

from typing import Any

import pytest
from msgspec.structs import replace

from router.core.circuit import OPEN_S
from router.core.event import Outcome
from router.core.judging import Lot
from router.core.signals import Signals
from router.core.stats import Observation
from router.errors import DecisionLogError
from router.judging.reading import MOST_CHARACTERS
from tests.fakes.gateway import FixedSignal
from tests.fakes.upstream import plain_reply
from tests.judging.made import BOTH, JUDGING, MODELS, SMALL_ONLY, World, scored

ALONE = Lot(shadow=False)
JUDGED = [("judge", "judged")]


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
FILE = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}


@pytest.mark.parametrize("part", [IMAGE, SOUND, FILE], ids=["image", "sound", "file"])
async def test_what_a_judge_could_not_see_is_not_judged(part: dict[str, Any]) -> None:
    able = {**MODELS["small"], "capabilities": ["vision", "audio", "files"]}
    it = World(models={**MODELS, "small": able})
    content = [{"type": "text", "text": "What is this?"}, part]

    results = await it.reviewed(BOTH, messages=[{"role": "user", "content": content}])

    assert results == [("judge", "unreadable")] and len(it.near.calls) == 1
    assert it.bench.calls == it.far.calls == []


@pytest.mark.parametrize("place", ["question", "answer", "bytes"])
async def test_what_is_too_large_is_not_judged(place: str) -> None:
    large = {**MODELS["small"], "context_window": 1_000_000}
    it = World(models={**MODELS, "small": large})
    asked = "x" * (MOST_CHARACTERS + 1 if place == "question" else 9)
    size = {"question": 9, "answer": MOST_CHARACTERS, "bytes": 1_100_000}[place]
    it.near._script = [plain_reply("y" * size)]

    results = await it.reviewed(BOTH, messages=[{"role": "user", "content": asked}])

    assert results == [("judge", "too_large")]
    assert it.bench.calls == it.far.calls == []


async def test_what_fits_no_judges_window_is_not_judged() -> None:
    judge = {**MODELS["judge"], "context_window": 500}
    it = World(models={**MODELS, "judge": judge})

    assert await it.reviewed(BOTH) == [("judge", "too_large")]


@pytest.mark.parametrize("which", ["model", "upstream"])
async def test_a_judge_whose_circuit_is_not_closed_is_left_alone_and_its_probe_to_callers(
    which: str,
) -> None:
    it = World()
    stats, server = it.gateway.stats, False if which == "upstream" else None
    for _ in range(5):
        model = "judge" if which == "model" else "other"
        stats.observe(model, Observation(ok=False, upstream="bench", server_ok=server))
    trace = await it.answered()
    it.gateway.clock.advance(OPEN_S + 1)  # type: ignore[attr-defined]

    it.reviewer.submit(trace)
    await it.reviewer.drain(5.0)

    assert it.counts.results == [("judge", "unavailable")] and it.bench.calls == []
    assert stats.enter("judge", "bench"), "the probe is still there for a caller"


@pytest.mark.parametrize("outcome", ["refused", "broken", "cancelled"])
async def test_only_what_was_answered_whole_is_judged(outcome: Outcome) -> None:
    it = World()
    trace = await it.answered()
    assert trace.event is not None
    trace.event = replace(trace.event, outcome=outcome)

    it.reviewer.submit(trace)
    await it.reviewer.drain(5.0)

    assert it.counts.results == [] and it.bench.calls == []


async def test_an_answer_that_was_not_drawn_or_not_logged_is_not_judged() -> None:
    it = World()
    assert await it.reviewed(None) == []
    it.log.error = DecisionLogError("full")

    assert await it.reviewed(BOTH, id="dec_2") == []
    assert it.bench.calls == []


async def test_a_log_that_cannot_keep_a_review_is_told_of_and_nothing_breaks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    it = World()
    trace = await it.answered()
    it.log.error = DecisionLogError("full")

    it.reviewer.submit(trace)
    await it.reviewer.drain(5.0)

    assert "the review of decision dec_1 was not recorded: full" in caplog.text
    assert "2 + 2?" not in caplog.text


async def test_a_ceiling_is_kept_to_and_what_has_no_price_has_no_place_under_it() -> None:
    ceiling = {**JUDGING, "usd_per_day": 0.0107}
    it = World(ceiling)
    it.bench._script = [scored(7, prompt=600)]
    for at in range(30):
        it.reviewer.submit(await it.answered(ALONE, id=f"dec_{at}"))
    await it.reviewer.drain(5.0)

    spent = sum(call.cost_usd or 0.0 for call in it.counts.calls)
    assert 0 < spent <= 0.0107
    assert set(it.counts.results) == {("judge", "judged"), ("judge", "over_budget")}

    judge = {name: value for name, value in MODELS["judge"].items() if name != "price"}
    unpriced = World(ceiling, models={**MODELS, "judge": judge})
    assert await unpriced.reviewed(ALONE) == [("judge", "no_price")]
    assert unpriced.bench.calls == []


async def test_a_rule_on_a_signal_of_its_own_judges_the_judge_too() -> None:
    """The judge is weighed by the request's own signals, not by what its prompt would give."""
    rule = {
        "name": "code",
        "when": {"signal": "domain", "is": "code"},
        "limits": {"allowed_models": ["small"]},
        "strategy": SMALL_ONLY,
    }
    learned: Signals = {"complexity": 0.2, "difficulty": 0.0, "domain": "code"}
    it = World(signals={"learned": FixedSignal(learned)}, rules=[rule])

    assert await it.reviewed(BOTH) == [("judge", "not_allowed")]
