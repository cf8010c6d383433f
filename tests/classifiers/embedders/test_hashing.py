from __future__ import annotations

import pytest

from classifiers.embedders.hashing import HashingEmbedder
from classifiers.errors import ArtifactError


def test_its_model_is_a_number_of_buckets() -> None:
    assert HashingEmbedder.open("128").dimensions == 128
    assert HashingEmbedder.open(None).dimensions == 64


@pytest.mark.parametrize("model", ["many", "0", "-3"])
def test_what_is_no_number_of_buckets_is_refused(model: str) -> None:
    with pytest.raises(ArtifactError, match="takes a number of buckets"):
        HashingEmbedder.open(model)
