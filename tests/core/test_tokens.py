"""The token estimate, which errs high."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.tokens import estimated_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("x" * 36, 10), ("я" * 14, 10), ("量" * 14, 10), ("x" * 36 + "я" * 14, 20)],
)
def test_ascii_takes_fewer_tokens_a_character_than_other_scripts(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


@given(st.text(), st.text())
def test_more_text_never_takes_fewer_tokens(text: str, more: str) -> None:
    assert estimated_tokens(text) <= estimated_tokens(text + more)


@given(st.text(st.characters(exclude_categories=()), max_size=50))
def test_any_text_has_an_estimate_also_half_a_surrogate_pair(text: str) -> None:
    assert 0 <= estimated_tokens(text) <= len(text)
