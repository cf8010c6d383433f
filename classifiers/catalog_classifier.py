"""CatalogClassifier: a prompt classifier that judges for the models of one catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from classifiers.ability import logit
from classifiers.artifact import Manifest
from classifiers.base import FloatArray
from classifiers.gap import Gap
from classifiers.judgement import Judgement
from classifiers.prompt_classifier import PromptClassifier
from classifiers.roster import Roster


@dataclass(frozen=True, slots=True)
class CatalogClassifier:
    """Says of a prompt what `classifier` says, how likely each model is to answer it well, and, if
    its small and large model are known, their own gap as `complexity` and `difficulty`."""

    classifier: PromptClassifier
    roster: Roster

    @property
    def manifest(self) -> Manifest:
        """Of the artifact behind it."""
        return self.classifier.manifest

    @property
    def is_light(self) -> bool:
        """Whether no model runs, so that a short text takes a fraction of a millisecond."""
        return self.classifier.is_light

    @property
    def sources(self) -> Mapping[str, str]:
        """Model -> where its chances come from."""
        return dict(zip(self.roster.names, self.roster.sources, strict=True))

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """Return one Judgement per text, for any text at all (empty, huge, any language)."""
        if not texts:
            return []
        judged, latents = self.classifier.judge_with_latents(texts)
        chances = self.roster.quality(judged, latents).tolist()
        names = self.roster.names
        found = [
            replace(one, quality=dict(zip(names, row, strict=True)))
            for one, row in zip(judged, chances, strict=True)
        ]
        gap = self.roster.gap
        return found if gap is None else _of_the_gap(gap, found, latents)


def _of_the_gap(gap: Gap, judged: Sequence[Judgement], latents: FloatArray) -> list[Judgement]:
    """The judgements with complexity and difficulty of these two models, not of any two."""
    foreseen = gap.of(latents)
    difficulties = logit(foreseen) - logit(gap.average)
    return [
        replace(
            one,
            complexity=complexity,
            complexity_confidence=max(complexity, 1 - complexity) * one.familiarity,
            difficulty=difficulty,
        )
        for one, complexity, difficulty in zip(
            judged, foreseen.tolist(), difficulties.tolist(), strict=True
        )
    ]
