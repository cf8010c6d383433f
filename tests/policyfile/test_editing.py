"""Edits of policy files: what is meant changes, and not a byte beside it."""

import difflib
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from router.policyfile import shipped_policies
from router.policyfile.editing import Value, with_block, with_value

TEXT = """\
# a policy,   with odd spaces
name:   home
rules:
  - name: "code"  # quoted
    strategy: { kind: threshold,   complexity: 0.50 } # the threshold
  -
    name: other
    strategy:
      kind: cheapest_good_enough
      min_quality: .7   # spaced
default: {strategy: {kind: threshold, complexity: 5e-1}}
"""
ENTRIES: dict[str, Value] = {
    "target": 'quality >= 0.97 of "large"',
    "n": 12,
    "bound": 0.97,
    "artifact": None,
}
BLOCK = 'certificate: # ours\n  target: "quality >= 0.97 of \\"large\\""\n  n: 12\n  bound: 0.97'


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (("rules", 0, "strategy", "complexity"), "complexity: 0.50 }", "complexity: 0.62 }"),
        (("rules", 1, "strategy", "min_quality"), "min_quality: .7   #", "min_quality: 0.62   #"),
        (("default", "strategy", "complexity"), "complexity: 5e-1}", "complexity: 0.62}"),
    ],
    ids=str,
)
def test_a_number_changes_in_its_place_alone(
    path: tuple[str | int, ...], old: str, new: str
) -> None:
    assert with_value(TEXT, path, 0.62) == TEXT.replace(old, new)


@given(st.floats(0, 1).map(lambda share: round(share, 2)))
def test_what_is_written_is_what_is_read(value: float) -> None:
    changed = with_value(TEXT, ("default", "strategy", "complexity"), value)

    assert yaml.safe_load(changed)["default"]["strategy"]["complexity"] == value


def test_a_block_comes_at_the_end_after_an_empty_line() -> None:
    assert with_block(TEXT, "certificate", ENTRIES, "ours") == f"{TEXT}\n{BLOCK}\n"
    assert with_block(TEXT.rstrip("\n"), "certificate", ENTRIES, "ours") == f"{TEXT}\n{BLOCK}\n"


@pytest.mark.parametrize(
    "old",
    [
        "certificate: # old\n  target: x\n  n: 3",
        "certificate: {target: x,\n   n: 3}",
        "certificate:\n  n: 3\n  more:\n    - a\n    - b: c",
        "certificate: 3",
    ],
)
@pytest.mark.parametrize("after", ["\n", "\n\n# a remark\nexplore: 0.1 # drawn\n", ""])
def test_a_block_takes_the_place_of_an_old_one(old: str, after: str) -> None:
    before = "name: home\n\n# about it\n"

    changed = with_block(f"{before}{old}{after}", "certificate", ENTRIES, "ours")

    assert changed == f"{before}{BLOCK}{after}"


def test_a_file_with_the_line_ends_of_windows_keeps_them() -> None:
    windows = TEXT.replace("\n", "\r\n")
    changed = with_block(with_value(windows, ("rules", 0, "strategy", "complexity"), 0.62),
                         "certificate", ENTRIES, "ours")  # fmt: skip

    assert "\n" not in changed.replace("\r\n", "")
    assert changed.replace("\r\n", "\n") == with_block(
        TEXT.replace("0.50", "0.62"), "certificate", ENTRIES, "ours"
    )


@pytest.mark.parametrize("file", sorted(shipped_policies().glob("*.yaml")), ids=lambda f: f.name)
def test_of_a_shipped_file_all_old_lines_are_left(file: Path) -> None:
    text = file.read_text("utf-8")
    changed = with_block(text, "certificate", ENTRIES, "ours")
    lost = [line for line in difflib.ndiff(text.splitlines(), changed.splitlines())
            if line.startswith("- ")]  # fmt: skip

    assert lost == []
    assert yaml.safe_load(changed)["certificate"]["n"] == 12


def test_a_byte_order_mark_stays_where_it_is() -> None:
    marked = "\ufeff" + TEXT
    changed = with_value(marked, ("default", "strategy", "complexity"), 0.62)

    assert changed == marked.replace("5e-1", "0.62")


def test_texts_are_written_so_that_they_are_read_as_texts() -> None:
    entries: dict[str, Value] = {
        "a": "yes",
        "b": "2026-01-01",
        "c": "x: y # z",
        "d": "back\\slash",
        "e": "0123",
    }
    changed = with_block("name: x\n", "certificate", entries, "ours")

    assert yaml.safe_load(changed)["certificate"] == entries
