"""docs/openapi.json is what the code would write today.

To write it anew: python -m tests.docs.test_openapi
"""

from pathlib import Path

from router.api import ROUTES
from router.api.openapi import document

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"


def generated() -> bytes:
    return document((route[0], route[1]) for route in ROUTES)


def test_the_document_is_up_to_date() -> None:
    assert FILE.read_bytes() == generated(), "run: python -m tests.docs.test_openapi"


if __name__ == "__main__":
    FILE.write_bytes(generated())
