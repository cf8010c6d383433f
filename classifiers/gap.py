"""The gap between a small and a large model on a prompt, and what an average request is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from classifiers.ability import Ability, anchor, expit, logit
from classifiers.base import FloatArray
from classifiers.prompt_classifier import PromptClassifier
from classifiers.sample import sample_prompts


@dataclass(frozen=True, slots=True)
class Everyday:
    """What a prior is meant over: everyday requests, from a greeting to a proof.

    Not the score tables' prompts, which are exams: a prior of 0.9 over those would have its model
    answer what nobody can.

    Attributes:
        latents: [r, k].
        complexities: [r].
    """

    latents: FloatArray
    complexities: FloatArray

    @classmethod
    def of(cls, classifier: PromptClassifier) -> Self:
        """Read the prompts of the shipped sample."""
        judged, latents = classifier.judge_with_latents(sample_prompts())
        return cls(latents, np.array([one.complexity for one in judged], dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Gap:
    """A small and a large model whose abilities are both known.

    Attributes:
        average: mean chance over everyday requests that the small one falls short.
    """

    small: Ability
    large: Ability
    average: float

    @classmethod
    def between(cls, small: Ability, large: Ability, everyday: Everyday) -> Self:
        """Measure the average."""
        found = cls(small, large, average=0.5)
        return replace(found, average=float(found.of(everyday.latents).mean()))

    def of(self, latents: FloatArray) -> FloatArray:
        """Return the chance [n] that the small model falls short where the large one does not.

        Given the chances of both it lies between large - small, when the small one never succeeds
        where the large one fails, and (1 - small) * large, when they know nothing of each other:
        halfway.
        """
        small, large = self.small.quality(latents), self.large.quality(latents)
        result: FloatArray = ((1 - small) * large + np.maximum(large - small, 0)) / 2
        return result


def short_of(small: float, large: float) -> float:
    """Return `Gap.of` where the chances of both are known."""
    return ((1 - small) * large + max(large - small, 0.0)) / 2


def left_of(best: float, gap: float) -> float:
    """Return `beneath` of one chance and one gap."""
    left = 2 * (best - gap) / (1 + best)
    return best if left > best else left if left > 0 else 0.0


def beneath(best: FloatArray, gap: FloatArray) -> FloatArray:
    """Return a model's chance where the best one's is `best` and `gap` is as in `Gap.of`: its
    inverse, never above the best. Shapes broadcast."""
    found: FloatArray = np.minimum(2 * (best - gap) / (1 + best), best)
    return np.maximum(found, 0)


def shift_of(prior: float, best: FloatArray, complexities: FloatArray) -> float:
    """Return the log-odds to add to the gap head's complexities [r] so that what they leave beneath
    the best model's chances [r] averages to `prior`. Raises as `anchor`."""
    odds = logit(complexities)
    return -anchor(lambda closer: beneath(best, expit(odds - closer)), prior)
