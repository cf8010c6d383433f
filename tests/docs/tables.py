"""Tables in docs/ that the code itself tells, between two marks on a page written by hand."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- generated: begin", "<!-- generated: end -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, *rows)).replace(
        "\n", f"\n{'|---' * len(head)}|\n", 1
    )


def assert_told(page: Path, told: str) -> None:
    """The page holds the table between its marks; with UPDATE_DOCS=1 it is written there anew."""
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    opening, _, rest = rest.partition("\n")
    found, _, after = rest.partition(END)
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(f"{before}{BEGIN}{opening}\n{told}\n{END}{after}", "utf-8")
    else:
        assert found.strip() == told
