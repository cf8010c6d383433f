"""The token estimate, which errs high."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.tokens import estimated_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("x" * 36, 10), ("я" * 25, 20), ("量" * 25, 30), ("x" * 36 + "я" * 25, 30)],
)
def test_ascii_is_counted_in_characters_and_other_scripts_in_bytes(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("Explain the principle of quantum entanglement in detail, step by step.", 16),
        ("请详细解释量子纠缠的原理,并说明它为什么不能用来超光速地传递信息。", 37),
        ("量子もつれの原理を詳しく説明し、なぜ超光速通信に使えないのかも述べてください。", 41),
        ("양자 얽힘의 원리를 자세히 설명하고 왜 초광속 통신에 사용할 수 없는지 말해 주세요.", 46),
        ("Объясните подробно принцип квантовой запутанности и почему её нельзя использовать.", 38),
        ("اشرح بالتفصيل مبدأ التشابك الكمي ولماذا لا يمكن استخدامه لنقل المعلومات.", 50),
    ],
)
def test_prose_is_not_estimated_far_below_what_gpt_4_counts(text: str, counted: int) -> None:
    assert 0.9 * counted <= estimated_tokens(text) <= 1.8 * counted


@given(st.text(), st.text())
def test_more_text_never_takes_fewer_tokens(text: str, more: str) -> None:
    assert estimated_tokens(text) <= estimated_tokens(text + more)


@given(st.text(st.characters(exclude_categories=()), max_size=50))
def test_any_text_has_an_estimate_also_half_a_surrogate_pair(text: str) -> None:
    assert 0 <= estimated_tokens(text) <= 2 * len(text)
