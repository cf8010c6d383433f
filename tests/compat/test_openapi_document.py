"""schemathesis against our own OpenAPI document, a few requests of each operation through a real
process. `make soak` tries some two thousand."""

from collections.abc import Iterator

import pytest

from tests.hostile import described

EXAMPLES = 8


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with described.gateway() as address:
        yield address


@pytest.mark.parametrize(("method", "path"), described.OPERATIONS)
def test_every_answer_is_one_of_the_document(address: str, method: str, path: str) -> None:
    described.conforms(address, method, path, EXAMPLES)
