from __future__ import annotations

import pytest

from classifiers.tokens import HEAD_CHARS, TAIL_CHARS, Tokeniser, shorten


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    text = "Summarise:" + "x" * 50_000 + "in one line"

    kept = shorten(text)

    assert kept.startswith("Summarise:") and kept.endswith("in one line")
    assert len(kept) == HEAD_CHARS + TAIL_CHARS + 1


def test_a_text_within_the_bound_is_left_alone() -> None:
    assert shorten("a" * (HEAD_CHARS + TAIL_CHARS)) == "a" * (HEAD_CHARS + TAIL_CHARS)


def test_half_a_surrogate_pair_is_no_reason_to_fail(tokeniser: Tokeniser) -> None:
    assert len(tokeniser.batch(["\ud83d oops"]).ids[0]) > 0


def test_what_the_vocabulary_lacks_is_marked_unknown(tokeniser: Tokeniser) -> None:
    batch = tokeniser.batch(["\U0001f9ff"])

    assert batch.ids[0].tolist() == [batch.unknown_id]


def test_bytes_that_are_no_tokeniser_are_refused() -> None:
    with pytest.raises(ValueError, match=r"not a tokenizer\.json"):
        Tokeniser.from_bytes(b"{}")
