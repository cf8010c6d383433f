"""Tags: what a caller says a request is for, so that money can be told apart by it.

Rule: a tag is short, plain and written with few characters, and nothing is routed by it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

MOST_TAGS = 8
"""On one request."""

LONGEST = 64
"""Characters of a tag."""

ALLOWED = "letters of A to Z, digits and . _ : / = - of which a letter or digit is the first"
_FIRST, _REST = "[A-Za-z0-9]", "A-Za-z0-9._:/-"
METADATA_KEY = rf"^{_FIRST}[{_REST}]{{0,{LONGEST - 3}}}$"
"""What a key of metadata looks like that can lead a tag, as in `team=search`."""

_TAG = re.compile(rf"{_FIRST}[={_REST}]{{0,{LONGEST - 1}}}")


def is_tag(text: str) -> bool:
    """Whether a text may stand as a tag. All that may is printable ASCII without spaces."""
    return _TAG.fullmatch(text) is not None


def with_metadata(
    tags: tuple[str, ...], metadata: Mapping[str, Any], keys: Iterable[str]
) -> tuple[str, ...]:
    """Some tags and, as `key=value`, those keys of a request's metadata.

    What makes no tag, or one too many, is passed over: metadata was not written for us.
    """
    found = dict.fromkeys(tags)
    for key in keys:
        value = metadata.get(key)
        tag = f"{key}={value}" if isinstance(value, str) and value else ""
        if len(found) < MOST_TAGS and is_tag(tag):
            found[tag] = None
    return tuple(found)
