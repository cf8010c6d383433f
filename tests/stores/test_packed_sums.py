"""Packed sums come back to the last digit, in as few bytes as they need."""

from hypothesis import given
from hypothesis import strategies as st

from router.stores.packed_sums import packed, unpacked

WHOLE = st.integers(-(2**63), 2**63 - 1) | st.integers(-130, 130) | st.integers(-33_000, 33_000)


@given(st.lists(st.tuples(WHOLE, WHOLE, WHOLE), min_size=1, max_size=20))
def test_rows_come_back_as_they_were(rows: list[tuple[int, int, int]]) -> None:
    columns = [column.tolist() for column in unpacked(packed(rows))]
    assert list(zip(*columns, strict=True)) == rows


def test_no_rows_come_back_as_none() -> None:
    assert len(unpacked(packed([]))) == 0


def test_a_column_takes_the_bytes_of_its_largest_number() -> None:
    narrow, wide = packed([(1, -128), (127, 0)]), packed([(128, 2**31), (0, 0)])
    assert (len(narrow), len(wide)) == (len(b"2 bb\n") + 4, len(b"2 hq\n") + 20)
