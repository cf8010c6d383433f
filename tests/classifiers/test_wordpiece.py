"""The short way to token ids gives the engine's own ids, or none."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers.prompt_classifier import PRETRAINED, TOKENISER
from classifiers.sample import sample_prompts
from classifiers.tokens import Tokeniser
from classifiers.wordpiece import PlainWordPiece

SHIPPED = Tokeniser.from_bytes((PRETRAINED / TOKENISER).read_bytes())


def by_the_engine(text: str) -> list[int]:
    return list(SHIPPED.engine.encode(text, add_special_tokens=False).ids)


@given(st.text(st.characters(max_codepoint=127), max_size=80))
@settings(max_examples=200)
@example("It's a `snake_case` {x}~^, isn't it?")
@example("a" * 101 + " " + "b" * 100)
@example("[UNK] and [PAD]")
@example("tabs\tand\r\nlines\x0b\x7f")
def test_ascii_has_the_engines_ids(text: str) -> None:
    assert SHIPPED.plain is not None
    ids = SHIPPED.plain.ids(text)

    assert ids is None or ids == by_the_engine(text)


def test_everyday_prompts_go_the_short_way() -> None:
    assert SHIPPED.plain is not None
    plain = [text for text in sample_prompts() if text.isascii()]

    assert all(SHIPPED.plain.ids(text) is not None for text in plain)


@pytest.mark.parametrize("text", ["déjà vu", "Привет", "an [UNK] word", "null\x00byte"])
def test_whatever_is_not_plain_is_left_to_the_engine(text: str) -> None:
    assert SHIPPED.plain is not None
    assert SHIPPED.plain.ids(text) is None
    assert SHIPPED.batch([text]).ids[0].tolist() == by_the_engine(text)


def test_a_batch_keeps_its_order_whichever_way_each_text_goes() -> None:
    texts = ["plain words", "déjà vu", "more plain words", "Привет"]

    assert [ids.tolist() for ids in SHIPPED.batch(texts).ids] == [by_the_engine(t) for t in texts]


def test_another_kind_of_tokeniser_has_no_short_way() -> None:
    cased = SHIPPED.source.replace(b'"lowercase": true', b'"lowercase": false').replace(
        b'"lowercase":true', b'"lowercase":false'
    )
    assert cased != SHIPPED.source

    assert PlainWordPiece.of(cased, SHIPPED.engine) is None
