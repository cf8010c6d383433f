"""The columns of the decision log, and their documentation."""

import os
from pathlib import Path

import pytest

from router.stores.decision_columns import COLUMNS, CONTENT, Column

PAGE = Path(__file__).parents[2] / "docs" / "decision-log.md"
BEGIN, END = "<!-- generated: begin", "<!-- generated: end -->"


def line(column: Column) -> str:
    null = "never" if column.required else "possible"
    return f"| `{column.name}` | {column.kind} | {column.unit} | {null} | {column.meaning} |"


def table() -> str:
    head = ["| column | type | unit | null | meaning |", "|---|---|---|---|---|"]
    return "\n".join([*head, *map(line, COLUMNS)])


def test_the_page_lists_every_column_as_the_code_has_it() -> None:
    """Run with UPDATE_DOCS=1 to write the table anew."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    opening, _, rest = rest.partition("\n")
    found, _, after = rest.partition(END)
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(f"{before}{BEGIN}{opening}\n{table()}\n{END}{after}")
    else:
        assert found.strip() == table()


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_column_says_its_meaning_and_its_unit(column: Column) -> None:
    assert column.meaning[0].isupper() or column.meaning.startswith("`")
    assert "|" not in column.meaning
    assert bool(column.unit) == (
        column.kind == "number" or column.name.endswith("_tokens") or column.name == "fallbacks"
    )


def test_names_are_unique_and_content_is_among_them() -> None:
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names)
    assert set(names) >= CONTENT
