"""One product for all heads says what each head says by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifiers.base import FloatArray, softmax
from classifiers.prompt_classifier import PromptClassifier
from classifiers.readings import Reader
from classifiers.sample import sample_prompts

TEXTS = ["", "hi", "Prove that 1 + 1 = 2.", "Привет, как дела?", *sample_prompts()[:40]]


def chances(odds: list[float]) -> FloatArray:
    found: FloatArray = softmax(np.array([odds]))[0]
    return found


@pytest.mark.parametrize("name", ["shipped", "small"])
def test_fused_heads_say_what_each_says_by_itself(
    name: str, request: pytest.FixtureRequest
) -> None:
    classifier: PromptClassifier = request.getfixturevalue(name)
    reader = Reader.of(classifier.heads, classifier.extras)
    assert reader.fused is not None

    at_once, latents = reader.read(classifier.encoder, TEXTS)
    by_parts, others = replace(reader, fused=None).read(classifier.encoder, TEXTS)

    np.testing.assert_allclose(latents.latents(), others.latents(), atol=2e-4)
    for one, other in zip(at_once, by_parts, strict=True):
        assert one.abstain == other.abstain
        for name in ("words", "shape", "familiar"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=2e-4)
        for mine, theirs in ((one.domain, other.domain), (one.task, other.task)):
            assert list(chances(mine)) == pytest.approx(list(chances(theirs)), abs=2e-4)


def test_a_batch_is_judged_as_its_texts_one_by_one(shipped: PromptClassifier) -> None:
    together = shipped.judge(TEXTS)

    for text, judged in zip(TEXTS, together, strict=True):
        assert shipped.judge([text])[0].complexity == pytest.approx(judged.complexity, abs=1e-5)


def test_heads_that_are_not_linear_are_read_one_by_one(shipped: PromptClassifier) -> None:
    class Opaque:
        """Some other kind of head."""

    heads = {**shipped.heads, "task": replace(shipped.heads["task"], head=Opaque())}  # type: ignore[arg-type]

    assert Reader.of(heads, shipped.extras).fused is None
