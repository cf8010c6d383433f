from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.ngrams import TokenNgrams

token_lists = st.lists(st.lists(st.integers(0, 30_000), max_size=20), max_size=5)


@given(token_lists)
def test_rows_are_unit_vectors_within_the_width_whatever_the_tokens(found: list[list[int]]) -> None:
    texts = [np.array(ids, dtype=np.int64) for ids in found]
    rows = TokenNgrams.fit(texts, 64).transform(texts)

    assert len(rows.offsets) == len(texts) + 1
    assert np.all((rows.indices >= 0) & (rows.indices < 64))
    for start, end, text in zip(rows.offsets, rows.offsets[1:], texts, strict=False):
        assert np.isclose(np.sum(rows.values[start:end] ** 2), float(len(text) > 0), atol=1e-5)


@pytest.mark.parametrize("width", [64, 777])
@given(found=token_lists)
def test_a_batch_has_the_rows_of_its_texts_one_by_one(found: list[list[int]], width: int) -> None:
    texts = [np.array(ids, dtype=np.int64) for ids in found]
    ngrams = TokenNgrams.fit(texts, width)

    together = ngrams.transform(texts)

    for start, end, text in zip(together.offsets, together.offsets[1:], texts, strict=False):
        alone = ngrams.transform([text])
        np.testing.assert_array_equal(together.indices[start:end], alone.indices)
        np.testing.assert_allclose(together.values[start:end], alone.values, rtol=1e-6)


def test_the_order_of_words_matters() -> None:
    ngrams = TokenNgrams(np.ones(4096, dtype=np.float32))
    forth, back = ngrams.transform([np.array([5, 9])]), ngrams.transform([np.array([9, 5])])

    assert set(forth.indices) != set(back.indices)


def test_rare_tokens_weigh_more_than_common_ones() -> None:
    common, rare = 7, 8
    texts = [np.array([common]) for _ in range(20)] + [np.array([rare])]
    row = TokenNgrams.fit(texts, 4096).transform([np.array([common, rare])])
    by_bucket = dict(zip(row.indices.tolist(), row.values.tolist(), strict=True))
    bucket = TokenNgrams(np.ones(4096, dtype=np.float32)).transform

    rare_at, common_at = (int(bucket([np.array([t])]).indices[0]) for t in (rare, common))
    assert by_bucket[rare_at] > by_bucket[common_at]
