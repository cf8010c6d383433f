"""Pictures that take shape and sound that goes on as it arrives."""

import pytest

from router.core.limits import Limits
from router.dialects.by_name import NamedBody
from router.dialects.speech import SPEECH
from router.errors import UpstreamBroken, UpstreamTimeout
from router.exchange import Exchange
from router.gateway import Call
from tests.api.named import MP3, PRICE, SOUND, Make
from tests.fakes.exchange import recorded
from tests.fakes.gateway import CATALOG, fake_gateway
from tests.fakes.scripted_upstream import event
from tests.fakes.upstream import SSE, FakeReply, FakeUpstream

PARTIAL = event({"type": "image_generation.partial_image", "b64_json": "AA=="})
DRAWN = {"input_tokens": 1000, "output_tokens": 2000}
COMPLETED = event({"type": "image_generation.completed", "b64_json": "AAA=", "usage": DRAWN})


def test_a_picture_takes_shape_as_the_upstream_tells_it(make: Make) -> None:
    made = make("images", FakeReply([PARTIAL, COMPLETED], headers=SSE))

    told = made.ask("images", stream=True)

    assert told.content == PARTIAL + COMPLETED
    assert told.headers["content-type"].startswith("text/event-stream")
    assert made.row.cost_usd == pytest.approx(0.025)


@pytest.mark.parametrize("come", [1, 2])
def test_several_pictures_in_one_stream_pass_and_have_no_price(make: Make, come: int) -> None:
    made = make("images", FakeReply([PARTIAL, COMPLETED] * come, headers=SSE))

    told = made.ask("images", stream=True, n=2)

    assert told.content == (PARTIAL + COMPLETED) * come
    assert (made.row.cost_usd, made.row.outcome) == (None, "ok")


ERROR = event({"type": "error", "error": {"message": "No more.", "code": "moderation_blocked"}})


@pytest.mark.parametrize("more", [(ERROR,), (PARTIAL, ERROR)])
def test_an_error_behind_the_first_of_several_pictures_is_seen(
    make: Make, more: tuple[bytes, ...]
) -> None:
    made = make("images", FakeReply([PARTIAL, COMPLETED, *more], headers=SSE))

    told = made.ask("images", stream=True, n=2)

    assert told.content.startswith(PARTIAL + COMPLETED) and b"No more." in told.content
    assert made.row.outcome == "broken"


def test_a_large_picture_is_an_event_like_any_other(make: Make) -> None:
    large = event({"type": "image_generation.completed", "b64_json": "A" * 20_000_000})
    half = len(large) // 2
    made = make("images", FakeReply([large[:half], large[half:]], headers=SSE))

    assert made.ask("images", stream=True).content == large


@pytest.mark.parametrize("endpoint", ["images", "speech"])
def test_a_picture_or_sound_that_failed_once_it_was_accepted_has_no_price_either(
    make: Make, endpoint: str
) -> None:
    headers = SSE if endpoint == "images" else SOUND
    made = make(endpoint, FakeReply([], headers=headers, then=UpstreamTimeout("stalled")))

    made.ask(endpoint, **({"stream": True} if endpoint == "images" else {}))

    failed = made.row.attempts[0]
    assert (failed.paid, failed.cost_usd) == (True, None)
    assert made.row.bill.escalation_usd is None


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


def test_a_server_that_knows_no_events_may_send_sound(make: Make) -> None:
    made = make("speech")

    told = made.ask("speech", stream_format="sse")

    assert (told.content, told.headers["content-type"]) == (MP3, "audio/mpeg")


async def test_of_sound_nothing_is_kept_where_content_is_stored() -> None:
    body = NamedBody(b'{"model": "large", "input": "Hello"}', SPEECH)
    sound = FakeReply([MP3, MP3], headers=SOUND)
    card = {**CATALOG["models"]["large"], "speaks": ["speech"], "upstream": "near"}
    data = {**CATALOG, "models": {**CATALOG["models"], "large": card}}
    gateway = fake_gateway({"near": FakeUpstream(sound)}, catalog_data=data)
    request = body.request(Limits())
    routed = await gateway.route(request, "dec_1")
    call = Call("dec_1", "speech", request, body.way, 0.0, 0.0, lambda error: 502, content=b"Hello")
    exchange = Exchange(gateway, call, routed)

    await exchange.open()
    heard = [piece async for piece in exchange.events()]

    kept = recorded(gateway).content
    assert (b"".join(heard), kept and (kept.request, kept.response)) == (MP3 * 2, ("Hello", ""))


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
