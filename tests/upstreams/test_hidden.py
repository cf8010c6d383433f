"""Secrets are blotted out wherever the network cuts them, and nothing else is touched."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from router.upstreams.hidden import Blotter, blotted

KEY, ADDRESS = b"sk-sk-canary", b"10.0.0.5:8000"
SAID = (
    b'data: {"content":"curl 10.0.0.5:8000 sk-sk-"}\n\n'
    b'data: {"error":{"message":"sk-sk-sk-canary at http://10.0.0.5:8000/v1 s"}}\n\ns'
)
TOLD = (
    b'data: {"content":"curl 10.0.0.5:8000 sk-sk-"}\n\n'
    b'data: {"error":{"message":"sk-*** at http://***/v1 s"}}\n\ns'
)


@given(st.lists(st.integers(0, len(SAID)), max_size=8))
def test_a_secret_is_blotted_out_however_it_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SAID)]
    pieces = [SAID[a:b] for a, b in itertools.pairwise(edges)]
    # The one piece that holds all would tell the address before the error is seen.
    second = SAID.index(b"data", 1)
    pieces = [SAID[:second], *_from(pieces, second)]
    blotter = Blotter(KEY, ADDRESS)

    told = b"".join(blotter.feed(piece) for piece in pieces) + blotter.rest()

    assert told == TOLD


def _from(pieces: list[bytes], start: int) -> list[bytes]:
    kept, at = [], 0
    for piece in pieces:
        kept.append(piece[max(start - at, 0) :])
        at += len(piece)
    return kept


def test_without_a_key_only_the_address_is_hidden_and_only_in_errors() -> None:
    blotter = Blotter(None, ADDRESS)

    assert blotter.feed(b"at 10.0.0.5:8000\n") == b"at 10.0.0.5:8000\n"
    assert blotter.feed(b'{"error":"at 10.0.0.5:8000"}\n') == b'{"error":"at ***"}\n'


def test_a_whole_text_is_blotted_at_once() -> None:
    assert blotted(b"sk-sk-canary@10.0.0.5:8000", [KEY, ADDRESS]) == b"***@***"
