"""What a classifier foresees of named models, where it knows them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.baselines import Floats
from classifiers.judgement import Judgement
from classifiers.names import known_name
from classifiers.prompt_classifier import PromptClassifier

BATCH = 512


def known_as(classifier: PromptClassifier, models: Sequence[str]) -> dict[str, str]:
    """Return model -> the name that the classifier knows it by, as given or its last path part;
    models it knows nothing of are left out."""
    known = frozenset(classifier.models)
    names = {model: known_name(known, (model,)) for model in models}
    return {model: name for model, name in names.items() if name is not None}


def predicted_scores(
    classifier: PromptClassifier, texts: Sequence[str], models: Sequence[str]
) -> Floats | None:
    """Return the foreseen score [n, m] of each text by each model, NaN for models not known;
    None when it knows none of them.

    Of a prompt that taught an adapted classifier it is what was foreseen while that prompt was
    held back.
    """
    names = known_as(classifier, models)
    if not names or not texts:
        return None
    found = np.full((len(texts), len(models)), np.nan)
    columns = [models.index(model) for model in names]
    asked = tuple(names.values())
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        found[start : start + len(part), columns] = classifier.quality(part, asked)
    if classifier.extras.held_out is not None:
        recalled = classifier.extras.held_out.recalled(texts, asked)
        found[:, columns] = np.where(np.isnan(recalled), found[:, columns], recalled)
    return found


def taught_by(classifier: PromptClassifier, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return [n] whether an adapted classifier learned from each text, as far as it remembers."""
    held_out = classifier.extras.held_out
    return np.zeros(len(texts), dtype=bool) if held_out is None else held_out.knows(texts)


def judgements(classifier: PromptClassifier, texts: Sequence[str]) -> list[Judgement]:
    """Return one judgement a text, in batches of bounded memory."""
    return [
        judged
        for start in range(0, len(texts), BATCH)
        for judged in classifier.judge(texts[start : start + BATCH])
    ]


def complexities(classifier: PromptClassifier, texts: Sequence[str]) -> Floats:
    """Return the complexity [n] that the gateway would see."""
    return np.array([judged.complexity for judged in judgements(classifier, texts)])


def embeddings(classifier: PromptClassifier, texts: Sequence[str]) -> Floats:
    """Return the unit vectors [n, d] of the classifier's own embedder."""
    encoder = classifier.encoder
    return np.concatenate(
        [
            encoder.embedder.embed(encoder.tokeniser.batch(texts[start : start + BATCH]))
            for start in range(0, len(texts), BATCH)
        ]
    )
