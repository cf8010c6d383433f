"""Hashed letter n-grams."""

import numpy as np

from classifiers.language.characters import letter_table, read
from classifiers.language.grams import LONGEST, SLOTS, slots, slots_of


def counted(text: str) -> list[set[int]]:
    """The slots that count, by length of the n-gram."""
    letters, _ = read([text])
    return [set(found[places].tolist()) for found, places in slots(letters)]


def slot(gram: str) -> int:
    """Of one n-gram; "^" and "$" are separators."""
    plain = [0 if letter in "^$" else letter_table()[ord(letter)] for letter in gram]
    found, counts = slots_of(np.array([plain], dtype=np.uint16))
    assert counts[0]
    return int(found[0])


def test_a_word_is_read_with_its_beginning_and_its_end() -> None:
    assert counted("abc") == [
        {slot(gram) for gram in grams}
        for grams in (
            ["a", "b", "c"],
            ["^a", "ab", "bc", "c$"],
            ["^ab", "abc", "bc$"],
            ["^abc", "abc$"],
            ["^abc$"],
        )
    ]


def test_no_n_gram_spans_two_words() -> None:
    together, first, second = counted("one two"), counted("one"), counted("two")
    assert all(
        all_of == one | two for all_of, one, two in zip(together, first, second, strict=True)
    )


def test_letters_that_stand_alone_have_no_neighbours() -> None:
    assert [len(found) for found in counted("你好")] == [2, 0, 0, 0]
    assert [len(found) for found in counted("あいう")] == [1, 0, 0, 0, 0]


def test_neighbouring_n_grams_are_spread_over_all_slots() -> None:
    letters = np.array([[a, b] for a in range(97, 123) for b in range(97, 123)], dtype=np.uint16)
    found, _ = slots_of(letters)
    assert found.min() >= 0 and found.max() < SLOTS
    assert len(set(found.tolist())) >= len(letters) - 2
    assert np.histogram(found, 8, (0, SLOTS))[0].min() > len(letters) / 16


def test_a_row_shorter_than_the_longest_n_gram_is_read_too() -> None:
    assert len(counted("")) == 1
    assert len(counted("a")) == 3
    assert len(counted("abcdef")) == LONGEST
