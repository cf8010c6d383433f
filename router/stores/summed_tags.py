"""SummedTags: what the tags of rows are summed under, each set of tags looked up once. Pure."""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple


class TagSet(NamedTuple):
    """The names that a row's tags are summed under, in order, each once where several tags share
    it; and the same as JSON."""

    names: Sequence[str]
    text: str


class SummedTags:
    """`summed_under` tells what the sums of a tag stand under: its own name, or a shared one."""

    def __init__(self, summed_under: Callable[[str], str]) -> None:
        self._summed_under = summed_under
        self._known: dict[str, TagSet] = {}

    def of(self, tags: str) -> TagSet:
        """The set of a row's tags, as the row has them: a JSON list."""
        found = self._known.get(tags)
        if found is None:
            names = sorted({self._summed_under(tag) for tag in json.loads(tags)})
            found = self._known[tags] = TagSet(names, json.dumps(names, separators=(",", ":")))
        return found
