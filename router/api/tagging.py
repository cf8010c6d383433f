"""The header by which a caller says what a request is for: a few words, with commas between them.

    x-slm-router-tags: checkout, team=search

They stand in the decision log, and what was spent and saved is told apart by them. They go to no
upstream, into no metric and into no log of the process.
"""

from collections.abc import Iterable

from router.core.tags import ALLOWED, LONGEST, MOST_TAGS, is_tag
from router.errors import InvalidRequest

TAGS = "x-slm-router-tags"
_EXPECTED = (
    f"Expected 1 to {MOST_TAGS} tags with commas between them, each of 1 to {LONGEST} characters:"
    f" {ALLOWED}."
)


def tags_of(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The tags that a request's headers (names in lower case) state, all together and each once.

    Raises InvalidRequest naming the header.
    """
    found: dict[str, None] = {}
    for name, value in headers:
        if name == TAGS:
            found.update(dict.fromkeys(part.strip(" \t") for part in value.split(",")))
    if len(found) > MOST_TAGS or not all(map(is_tag, found)):
        raise InvalidRequest(_EXPECTED, TAGS)
    return tuple(found)
