"""In which order files of tests run, and which of them stay on one core.

Rule: a file's tests stay together, so that what they share is made once; so do files that share
what takes long to make. What starts processes or learns comes first, or a core would do it alone at
the end.
"""

from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadFileScheduling

LONGEST_FIRST = (
    "tests/browser/test_every_page.py",
    "tests/browser",
    "tests/classifiers/embedders",
    "tests/cli/test_train.py",
    "tests/soak",
    "tests/deploy",
    "tests/e2e",
    "tests/compat",
    "tests/hostile",
    "tests/docs",
    "tests/cli",
    "tests/classifiers",
    "tests/architecture",
)
"""Files and folders; all others are quick, and stay in the order of their names."""

SHARING = {
    "tests/browser": "tests/browser",
    "tests/classifiers/embedders": "torch",
    "tests/e2e/test_transformers_serve.py": "torch",
    "tests/upstreams/test_litellm.py": "litellm",
    "tests/upstreams/test_litellm_embeddings.py": "litellm",
    "tests/upstreams/test_litellm_sessions.py": "litellm",
    "tests/contract/test_upstream_contract.py": "litellm",
    "tests/hostile/test_ssrf.py": "litellm",
    "tests/e2e/test_invoices.py": "litellm",
    "tests/classifiers/test_quality.py": "whole_artifact",
    "tests/classifiers/test_distribution.py": "whole_artifact",
    "tests/classifiers/test_train.py": "whole_artifact",
}
"""A Chromium and a gateway with its demo; torch and MiniLM as a graph; litellm, which takes three
seconds to load; a whole classifier."""


def rank(file: str) -> int:
    """Where a file comes in the order."""
    for place in (file, *map(str, PurePosixPath(file).parents)):
        if place in LONGEST_FIRST:
            return LONGEST_FIRST.index(place)
    return len(LONGEST_FIRST)


def sharing(file: str) -> str:
    """What names those that a file's tests stay on one core with."""
    for place in (file, *map(str, PurePosixPath(file).parents)):
        if place in SHARING:
            return SHARING[place]
    return file


def file_of(nodeid: str) -> str:
    """The file that a test is in."""
    return nodeid.partition("::")[0]


class SharingScheduling(LoadFileScheduling):  # type: ignore[misc] # it has no types
    """`--dist loadfile`, which hands out files, with those together that share something."""

    def _split_scope(self, nodeid: str) -> str:
        return sharing(file_of(nodeid))


def in_order(items: list[pytest.Item]) -> None:
    """Sort what has been collected."""
    items.sort(key=lambda item: rank(file_of(item.nodeid)))
