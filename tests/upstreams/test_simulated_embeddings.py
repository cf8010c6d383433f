"""Simulated embeddings: as many and as long as asked for, the same for the same text."""

import base64
import math
import struct

import pytest

from router.upstreams.simulated_embeddings import DIMENSIONS, embeddings


def test_a_text_always_gets_the_same_vector_of_length_one() -> None:
    one, two = (embeddings({"input": ["Hi", "there"]}, "e")["data"] for _ in range(2))

    assert one == two
    assert one[0]["embedding"] != one[1]["embedding"]
    assert len(one[0]["embedding"]) == DIMENSIONS
    assert math.hypot(*one[0]["embedding"]) == pytest.approx(1)


def test_base64_holds_the_same_numbers_as_floats() -> None:
    asked = {"input": "Hi", "dimensions": 8}
    (plain,) = embeddings(asked, "e")["data"]
    (packed,) = embeddings({**asked, "encoding_format": "base64"}, "e")["data"]

    numbers = struct.unpack("<8f", base64.b64decode(packed["embedding"]))
    assert list(numbers) == pytest.approx(plain["embedding"])


@pytest.mark.parametrize(("given", "count"), [([1, 2, 3], 1), ([[1], [2, 3]], 2), ("Hi", 1)])
def test_token_numbers_are_inputs_too(given: object, count: int) -> None:
    assert len(embeddings({"input": given}, "e")["data"]) == count
