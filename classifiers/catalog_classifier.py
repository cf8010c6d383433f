"""CatalogClassifier: a prompt classifier that judges for the models of one catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from classifiers.ability import log_odds
from classifiers.artifact import Manifest
from classifiers.judgement import Judgement
from classifiers.prompt_classifier import PromptClassifier
from classifiers.roster import Foreseen, Roster


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
        judged, blend = self.classifier.judge_with_blend(texts)
        foreseen = self.roster.foreseen(judged, blend)
        return [self._of_catalog(*each) for each in zip(judged, foreseen, strict=True)]

    def _of_catalog(self, one: Judgement, foreseen: Foreseen) -> Judgement:
        """The judgement with each model's chances and, of two models that are known, with their own
        gap, not that of any two."""
        quality = dict(zip(self.roster.names, foreseen.quality, strict=True))
        gap, complexity = self.roster.gap, foreseen.gap
        if gap is None or complexity is None:
            return replace(one, quality=quality)
        return replace(
            one,
            quality=quality,
            complexity=complexity,
            complexity_confidence=max(complexity, 1 - complexity) * one.familiarity,
            difficulty=log_odds(complexity) - log_odds(gap.average),
        )
