"""The columns of the decision log, and their documentation."""

import pytest

from router.stores.decision_columns import COLUMNS, CONTENT, Column
from tests.docs.tables import DOCS, assert_told, table

PAGE = DOCS / "decision-log.md"
HEAD = ("column", "type", "unit", "null", "meaning")


def row(column: Column) -> tuple[str, ...]:
    null = "never" if column.required else "possible"
    return f"`{column.name}`", column.kind, column.unit, null, column.meaning


def test_the_page_lists_every_column_as_the_code_has_it() -> None:
    """Run with UPDATE_DOCS=1 to write the table anew."""
    assert_told(PAGE, table(HEAD, map(row, COLUMNS)))


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
