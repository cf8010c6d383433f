"""Tags: which texts may be one, and what metadata adds to them."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.ledger import OTHER_TAGS
from router.core.tags import LONGEST, METADATA_KEY, MOST_TAGS, is_tag, with_metadata

OTHERS = (
    *("", "x" * (LONGEST + 1), "two words", "a,b", "a;b", "a\n", "a\x00", "é", "=1+1", "-x"),
    *("<b>", '"', "someone@example.com", OTHER_TAGS),
)


@pytest.mark.parametrize("text", ["a", "0", "team=search", "v1.2/a:b_c-d", "x" * LONGEST])
def test_short_plain_words_are_tags(text: str) -> None:
    assert is_tag(text)


@pytest.mark.parametrize("text", OTHERS)
def test_all_else_is_none(text: str) -> None:
    assert not is_tag(text)


def test_metadata_adds_the_keys_that_are_named_and_no_others() -> None:
    metadata = {"team": "search", "feature": "sort", "user_id": "canary"}

    found = with_metadata(("checkout",), metadata, ["team", "missing", "feature"])

    assert found == ("checkout", "team=search", "feature=sort")


@pytest.mark.parametrize("value", [None, 7, True, ["a"], {"a": 1}, "", "two words", "x" * 60])
def test_metadata_that_makes_no_tag_is_passed_over(value: object) -> None:
    assert with_metadata(("a",), {"team": value}, ["team"]) == ("a",)


def test_a_tag_that_is_there_is_not_added_again() -> None:
    assert with_metadata(("team=a",), {"team": "a"}, ["team"]) == ("team=a",)


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from("abcdefgh"), max_size=MOST_TAGS, unique=True),
    st.dictionaries(st.text(max_size=3), st.text(max_size=70), max_size=12),
)
def test_whatever_metadata_holds_there_are_few_tags_and_each_is_one(
    tags: list[str], metadata: dict[str, str]
) -> None:
    found = with_metadata(tuple(tags), metadata, metadata)

    assert found[: len(tags)] == tuple(tags)
    assert len(found) <= MOST_TAGS and len(set(found)) == len(found) and all(map(is_tag, found))


def test_a_key_of_metadata_leaves_room_for_a_value() -> None:
    longest = "k" * (LONGEST - 2)

    assert re.search(METADATA_KEY, longest) and is_tag(f"{longest}=v")
    assert not re.search(METADATA_KEY, longest + "k") and not re.search(METADATA_KEY, "a=b")
