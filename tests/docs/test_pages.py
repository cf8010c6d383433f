"""The documentation that the code tells is the documentation that is shipped."""

import pytest

from router.api.freedom import HEADERS, PREFIX
from tests.docs.pages import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "python -m tests.docs.pages"


def test_every_header_that_a_request_may_carry_is_explained() -> None:
    page = (DOCS / "policies.md").read_text("utf-8")
    _, _, section = page.partition("### Request headers")

    assert [name for name in HEADERS if f"`{PREFIX}{name}: " not in section] == []
