"""Hashed letter n-grams."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.language.characters import letter_table, read
from classifiers.language.grams import LONGEST, SLOTS, slots, slots_of


def counted(text: str) -> set[int]:
    """The slots that count."""
    letters, _ = read([text])
    return set(slots(letters)[0].tolist())


def slot(gram: str) -> int:
    """Of one n-gram; "^" and "$" are separators."""
    plain = [0 if letter in "^$" else letter_table()[ord(letter)] for letter in gram]
    found, counts = slots_of(np.array([plain], dtype=np.uint16))
    assert counts[0]
    return int(found[0])


def test_a_word_is_read_with_its_beginning_and_its_end() -> None:
    grams = "a b c ^a ab bc c$ ^ab abc bc$ ^abc abc$ ^abc$"
    assert counted("abc") == {slot(gram) for gram in grams.split()}


def test_the_longest_n_grams_have_five_letters() -> None:
    found = counted("abcdef")
    assert {slot("abcde"), slot("^abcd"), slot("cdef$")} <= found
    assert len(found) == 6 + 7 + 6 + 5 + 4


def test_no_n_gram_spans_two_words() -> None:
    assert counted("one two") == counted("one") | counted("two")


def test_letters_that_stand_alone_have_no_neighbours() -> None:
    assert counted("你好") == {slot("你"), slot("好")}
    assert counted("a你b") == {slot(gram) for gram in ("a", "你", "b", "^a", "b$")}
    assert counted("あいう") == {slot("ん")}


def test_n_grams_come_by_the_place_where_they_begin() -> None:
    letters, _ = read(["ab"])
    found, places = slots(letters)
    grams = ["^a", "^ab", "^ab$", "a", "ab", "ab$", "b", "b$"]
    assert found.tolist() == [slot(gram) for gram in grams]
    assert places.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]


@given(st.text(alphabet="ab你 .", max_size=12))
def test_each_n_gram_is_a_stretch_of_one_word_with_its_borders(text: str) -> None:
    row = "".join(map(chr, read([text])[0]))
    stretches = [row[a : a + size] for a in range(len(row)) for size in range(1, LONGEST + 1)]
    whole = {
        stretch
        for start, stretch in zip(
            (a for a in range(len(row)) for _ in range(LONGEST)), stretches, strict=True
        )
        if start + len(stretch) <= len(row)
        and stretch != "\0"
        and "\0" not in stretch[1:-1]
        and (len(stretch) == 1 or ("你" not in stretch and stretch != "\0\0"))
    }
    assert counted(text) == {slot(stretch.replace("\0", "^")) for stretch in whole}


def test_neighbouring_n_grams_are_spread_over_all_slots() -> None:
    letters = np.array([[a, b] for a in range(97, 123) for b in range(97, 123)], dtype=np.uint16)
    found, _ = slots_of(letters)
    assert found.min() >= 0 and found.max() < SLOTS
    assert len(set(found.tolist())) >= len(letters) - 2
    assert np.histogram(found, 8, (0, SLOTS))[0].min() > len(letters) / 16


def test_a_row_shorter_than_the_longest_n_gram_is_read_too() -> None:
    assert counted("") == set()
    assert counted("a") == {slot(gram) for gram in ("a", "^a", "a$", "^a$")}
