"""A property that is worked out once."""

from dataclasses import dataclass, replace

import pytest

from router.core.once import once


@dataclass(frozen=True)
class Text:
    said: str

    @once
    def words(self) -> list[str]:
        """The words."""
        return self.said.split()

    @once
    def first(self) -> str:
        return self.words[0]


def test_it_is_worked_out_once() -> None:
    text = Text("one two")
    assert text.words == ["one", "two"]
    assert text.words is text.words


def test_each_object_has_its_own_and_a_changed_copy_another() -> None:
    text = Text("one two")
    assert (text.first, replace(text, said="three").first) == ("one", "three")


def test_what_it_raises_is_raised_again() -> None:
    empty = Text("")
    for _ in range(2):
        with pytest.raises(IndexError):
            _ = empty.first


def test_equality_does_not_depend_on_what_was_read() -> None:
    read, unread = Text("one"), Text("one")
    assert read.words and read == unread


def test_its_documentation_is_found_on_the_class() -> None:
    assert Text.words.__doc__ == "The words."
