"""StreamReader: nothing is lost, held back or invented on the way through a stream."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from router.core.cost import Usage
from router.errors import RefusedInStream, UpstreamBroken
from router.stream import StreamReader
from tests.fakes.upstream import DONE, USAGE, event


def relayed(chunks: list[bytes], withhold_usage: bool = False) -> bytes:
    reader = StreamReader(withhold_usage)
    passed = [out for chunk in chunks for out in reader.feed(chunk)]
    return b"".join(passed) + reader.end()


WHOLE = (event("Hé"), event("\u2028\u0085 wörld"), event(finish="stop"), USAGE, DONE)


@given(st.lists(st.integers(0, len(b"".join(WHOLE))), max_size=12))
def test_every_byte_passes_however_the_network_cuts_the_stream(cuts: list[int]) -> None:
    whole = b"".join(WHOLE)
    edges = sorted({0, *cuts, len(whole)})
    chunks = [whole[a:b] for a, b in itertools.pairwise(edges)]

    assert relayed(chunks) == whole


PIECES = (*WHOLE, b": comment\n\n", b"event: ping\ndata: 1\n\n", b"\n", b"data: ", b"\xef\xbb\xbf")


@example([event("Hi") + b"\n"])
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join), max_size=4))
def test_tokens_that_pass_in_one_piece_count_as_they_would_one_by_one(chunks: list[bytes]) -> None:
    together, alone = StreamReader(withhold_usage=True), StreamReader(withhold_usage=True)

    for chunk in chunks:
        assert b"".join(together.feed(chunk)) == b"".join(alone.each(chunk))

    assert (together.events, together.begun) == (alone.events, alone.begun)
    assert together.usage == alone.usage


def test_tokens_in_a_row_pass_in_one_piece() -> None:
    tokens = event("Hel") + event("lo")

    assert list(StreamReader(withhold_usage=False).feed(tokens + DONE)) == [tokens]


def test_an_event_that_tells_of_no_usage_is_a_token() -> None:
    token = event("Hi").replace(b"}\n\n", b', "usage": null}\n\n')
    reader = StreamReader(withhold_usage=True)

    assert list(reader.feed(token * 2)) == [token * 2]
    assert (reader.events, reader.usage) == (2, None)


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_of_the_standard_separates_events(newline: bytes) -> None:
    whole = b"".join(WHOLE).replace(b"\n", newline)

    assert relayed([whole]) == whole


def test_the_usage_event_is_withheld_from_a_caller_who_did_not_ask_and_still_read() -> None:
    reader = StreamReader(withhold_usage=True)

    passed = b"".join(reader.feed(b"".join(WHOLE)))

    assert USAGE not in passed
    assert passed == b"".join(WHOLE[:3])
    assert reader.usage == Usage(12, 2)


def test_done_is_kept_back_until_the_end_so_that_the_record_comes_first() -> None:
    reader = StreamReader(withhold_usage=False)

    assert DONE not in list(reader.feed(b"".join(WHOLE)))
    assert reader.end() == DONE


def test_a_stream_without_done_is_whole_when_the_model_said_that_it_finished() -> None:
    assert relayed([event("Hi"), event(finish="stop")]) == event("Hi") + event(finish="stop")


def test_a_stream_that_ends_before_the_model_finished_is_broken() -> None:
    with pytest.raises(UpstreamBroken):
        relayed([event("Hi")])


def test_an_error_event_breaks_the_stream() -> None:
    with pytest.raises(UpstreamBroken):
        relayed([event("Hi"), b'data: {"error": {"message": "overloaded"}}\n\n'])


def test_what_came_before_an_error_in_the_same_piece_is_passed_on() -> None:
    reader = StreamReader(withhold_usage=False)
    events = reader.feed(event("Hi") + b'data: {"error": {"message": "overloaded"}}\n\n')

    assert next(iter(events)) == event("Hi")
    with pytest.raises(UpstreamBroken):
        list(events)


@pytest.mark.parametrize("code", [400, 429, 500])
def test_an_error_as_first_event_is_a_refusal_by_its_status(code: int) -> None:
    reader = StreamReader(withhold_usage=False)

    with pytest.raises(RefusedInStream) as error:
        list(reader.feed(b'data: {"error": {"message": "no", "code": %d}}\n\n' % code))

    assert error.value.status == code


def test_a_stream_is_whole_when_every_answer_is() -> None:
    reader = StreamReader(withhold_usage=False, answers=2)
    list(reader.feed(event("Hi") + event(finish="stop")))

    with pytest.raises(UpstreamBroken):
        reader.end()


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    whole = b"\xef\xbb\xbf" + event(finish="stop") + DONE

    assert relayed([whole]) == whole


def test_a_token_that_speaks_of_errors_breaks_nothing() -> None:
    told = event('{"error": "usage"}')

    assert relayed([told, DONE]) == told + DONE


def test_comments_and_unknown_fields_pass() -> None:
    comment = b": keep-alive\n\n"
    custom = b"event: ping\nid: 7\n\n"

    assert relayed([comment, custom, event("Hi"), DONE]) == comment + custom + event("Hi") + DONE


def test_an_event_without_an_end_is_given_up() -> None:
    reader = StreamReader(withhold_usage=False)

    with pytest.raises(UpstreamBroken):
        list(reader.feed(b"data: " + b"x" * (17 * 1024 * 1024)))


def test_events_of_a_form_we_do_not_know_pass_as_they_are() -> None:
    odd = b'data: {"usage": 5, "choices": "none"}\n\n'

    assert relayed([odd, DONE]) == odd + DONE


@pytest.mark.parametrize("odd", [b'{"usage": "\xff"}', b'{"error":' + b"[" * 5000 + b"}"])
def test_bytes_that_are_no_json_are_left_to_the_callers_client(odd: bytes) -> None:
    told = b"data: " + odd + b"\n\n"

    assert relayed([told, DONE]) == told + DONE


@pytest.mark.timeout(30)  # it takes 0.2 s; searching all of it for every piece took 40 s
def test_a_long_event_in_many_pieces_is_searched_once() -> None:
    reader = StreamReader(withhold_usage=False)
    piece, pieces = b"x" * 16_384, 15 * 64

    assert list(reader.feed(b"data: ")) == []
    for _ in range(pieces):
        assert list(reader.feed(piece)) == []
    assert list(reader.feed(b"\n\n")) == [b"data: " + piece * pieces + b"\n\n"]


def test_a_comment_alone_has_begun_nothing() -> None:
    reader = StreamReader(withhold_usage=False)

    assert list(reader.feed(b": processing\n\n")) == [b": processing\n\n"]
    assert not reader.begun
    list(reader.feed(event("Hi")))
    assert reader.begun


def test_a_usage_told_within_the_last_choice_is_read() -> None:
    told = b'{"index":0,"delta":{},"finish_reason":"stop","usage":%b}'
    counts = b'{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}'
    event = b'data: {"choices":[' + told % counts + b"]}\n\n"
    reader = StreamReader(withhold_usage=True)
    assert b"".join(reader.feed(event)) == event
    assert reader.usage == Usage(12, 5)
