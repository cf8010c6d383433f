"""Pictures that take shape and sound that goes on as it arrives."""

import pytest

from router.errors import UpstreamBroken
from tests.api.named import MP3, PRICE, Make
from tests.fakes.scripted_upstream import event
from tests.fakes.upstream import SSE, FakeReply

PARTIAL = event({"type": "image_generation.partial_image", "b64_json": "AA=="})
DRAWN = {"input_tokens": 1000, "output_tokens": 2000}
COMPLETED = event({"type": "image_generation.completed", "b64_json": "AAA=", "usage": DRAWN})


@pytest.mark.parametrize(("several", "usd"), [(1, 0.025), (2, None)])
def test_a_picture_takes_shape_as_the_upstream_tells_it(
    make: Make, several: int, usd: float | None
) -> None:
    made = make("images", FakeReply([PARTIAL, COMPLETED], headers=SSE))

    told = made.ask("images", stream=True, n=several)

    assert told.content == PARTIAL + COMPLETED
    assert told.headers["content-type"].startswith("text/event-stream")
    assert made.row.cost_usd == (None if usd is None else pytest.approx(usd))


def test_a_picture_that_is_never_completed_is_told_as_an_error(make: Make) -> None:
    made = make("images", FakeReply([PARTIAL], headers=SSE))

    told = made.ask("images", stream=True)

    assert told.content.startswith(PARTIAL) and b'"error"' in told.content
    assert made.row.outcome == "broken"


DELTA = event({"type": "speech.audio.delta", "audio": "AA=="})
SPOKEN = event({"type": "speech.audio.done", "usage": DRAWN})


def test_sound_as_events_tells_its_price(make: Make) -> None:
    price = {**PRICE, "output_audio_usd_per_mtok": 20.0}
    made = make("speech", FakeReply([DELTA, SPOKEN], headers=SSE), price=price)

    told = made.ask("speech", stream_format="sse")

    assert told.content == DELTA + SPOKEN
    assert made.row.cost_usd == pytest.approx(0.045)


def test_sound_is_asked_for_as_such(make: Make) -> None:
    made = make("speech")

    made.ask("speech")

    assert made.near.calls[0].headers["accept"] == "audio/*, application/octet-stream"


@pytest.mark.parametrize("then", [UpstreamBroken("cut"), None])
def test_sound_that_never_begins_comes_from_elsewhere(
    make: Make, then: BaseException | None
) -> None:
    made = make("speech", FakeReply([], headers={"content-type": "audio/wav"}, then=then))

    told = made.ask("speech")

    assert (told.content, told.headers["x-slm-router-model"]) == (MP3, "it@far")
