from __future__ import annotations

import pytest

from classifiers.names import known_name

KNOWN = frozenset({"llama-8b", "lab/coder", "coder"})


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("mine", "llama-8b"), "llama-8b"),
        (("mine", "meta/llama-8b"), "llama-8b"),
        (("lab/coder",), "lab/coder"),
        (("other/coder",), "coder"),
        (("coder", "llama-8b"), "coder"),
        (("Llama-8B", "llama"), None),
        ((), None),
    ],
)
def test_the_first_name_counts_as_given_and_then_by_its_last_path_part(
    names: tuple[str, ...], found: str | None
) -> None:
    assert known_name(KNOWN, names) == found
