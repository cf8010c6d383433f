"""What strict readers of JSON refuse, and clients write and read all the same."""

import json
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.lenient import mended, read

_PIECES = [r"\ud83d", r"\ude00", r"\\", r"\"", r"\n", "u", r"\u00e9", "d83d", r"\uD83D\uDE00", "x"]


@given(st.lists(st.sampled_from(_PIECES)))
def test_every_half_of_a_pair_becomes_the_character_that_stands_for_none(pieces: list[str]) -> None:
    content = ('"' + "".join(pieces) + '"').encode()

    told = msgspec.json.decode(mended(content))

    whole = json.loads(content)
    assert told == whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert len(mended(content)) == len(content)


@given(st.text(string.printable + "é\u2028\U0001f600"))
def test_whole_text_stays_as_it_is(text: str) -> None:
    for content in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        assert mended(content.encode()) == content.encode()


def test_what_python_writes_is_read() -> None:
    told = read(b'\xef\xbb\xbf{"logprob": -Infinity, "top": [NaN, 1e400], "text": "\\ud83d"}\n')

    assert (told["logprob"], told["top"][1], told["text"]) == (
        -float("inf"),
        float("inf"),
        "\ufffd",
    )


@pytest.mark.parametrize("content", [b"", b'{"a": "', b"{", b"<html></html>", b"{a}", b"\xff{}"])
def test_what_is_nobodys_json_is_none(content: bytes) -> None:
    with pytest.raises(ValueError):
        read(content)
