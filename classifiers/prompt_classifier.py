"""PromptClassifier: what the gateway asks about a prompt. One embedding, several heads.

With a response model it also knows how likely each measured model is to answer well.

Immutable once loaded, so any number of threads may share one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from classifiers import artifact
from classifiers.ability import Abilities, Ability, chance, log_odds
from classifiers.artifact import Manifest
from classifiers.base import FloatArray
from classifiers.calibrate import Calibration
from classifiers.embedders import EMBEDDERS
from classifiers.encoder import Encoder
from classifiers.errors import ArtifactError
from classifiers.heads import HEADS
from classifiers.held_out import HELD_OUT, HeldOut
from classifiers.judgement import Judgement, Scores
from classifiers.latents import Blend
from classifiers.novelty import Novelty
from classifiers.readings import COMPLEXITY as COMPLEXITY
from classifiers.readings import COMPLEXITY_SURFACE as COMPLEXITY_SURFACE
from classifiers.readings import DOMAIN as DOMAIN
from classifiers.readings import FAMILIAR as FAMILIAR
from classifiers.readings import NO_EXTRAS as NO_EXTRAS
from classifiers.readings import TASK as TASK
from classifiers.readings import VIEWS as VIEWS
from classifiers.readings import CalibratedHead as CalibratedHead
from classifiers.readings import Extras as Extras
from classifiers.readings import Reader, Said
from classifiers.response_model import ResponseModel
from classifiers.tokens import Tokeniser

PRETRAINED = Path(__file__).parent / "pretrained"
TOKENISER, VECTORS, ENCODER = "tokenizer.json", "vectors.npz", "encoder.npz"
RESPONSES, NOVELTY = "responses.npz", "novelty.npz"
_WORDS_SHARE = 0.7  # averaging in the shape of familiar prompts too wins a little on val


@dataclass(frozen=True, slots=True)
class PromptClassifier:
    """Judges prompts: complexity, domain, task, chances per model. Build with `load`.

    Attributes:
        domains, tasks: all that `judge` can name.
    """

    manifest: Manifest
    encoder: Encoder
    heads: Mapping[str, CalibratedHead]
    extras: Extras = NO_EXTRAS
    domains: tuple[str, ...] = field(init=False, repr=False, compare=False)
    tasks: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _reader: Reader = field(init=False, repr=False, compare=False)
    _average: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ready = {
            "domains": self.heads[DOMAIN].head.classes_,
            "tasks": self.heads[TASK].head.classes_,
            "_reader": Reader.of(self.heads, self.extras),
            "_average": log_odds(self.manifest.body["mean_complexity"]),
        }
        for name, value in ready.items():
            object.__setattr__(self, name, value)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read an artifact folder; None means the one shipped with the package.

        Raises ArtifactError for a damaged one, MissingExtraError when its embedder needs an extra.
        """
        folder = PRETRAINED if path is None else path
        manifest, files = artifact.load(folder)
        try:
            encoder = _restore_encoder(manifest.body["embedder"], files, folder)
            heads = {
                name: _restore_head(manifest.body["heads"][name], name, files, folder)
                for name in VIEWS
            }
            extras = _restore_extras(manifest.body, files, folder)
            float(manifest.body["mean_complexity"])
        except (KeyError, ValueError, TypeError, IndexError) as error:
            problem = f"does not describe a prompt classifier ({error!r}); {artifact.RETRAIN}"
            raise ArtifactError(folder / artifact.MANIFEST, problem) from error
        return cls(manifest, encoder, heads, extras)

    @property
    def is_light(self) -> bool:
        """Whether no model runs, so that a short text takes a fraction of a millisecond."""
        return self.encoder.embedder.kind in ("static", "hashing")

    @property
    def abilities(self) -> Abilities:
        """Of every measured model. Raises ValueError without scores per model in training."""
        if self.extras.responses is None:
            raise ValueError("this classifier was trained without scores per model")
        return self.extras.responses.abilities

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that `quality` can name; none without scores per model in training."""
        responses = self.extras.responses
        return () if responses is None else responses.abilities.names

    @property
    def adapted(self) -> frozenset[str]:
        """Those of `models` whose ability was learned from the user's own labels."""
        return frozenset(self.manifest.body.get("adapted", ())) & frozenset(self.models)

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """Return one Judgement per text, for any text at all (empty, huge, any language)."""
        return self.judge_with_latents(texts)[0] if texts else []

    def quality(self, texts: Sequence[str], models: Sequence[str]) -> FloatArray:
        """Return the chance [len(texts), len(models)] that a model answers a text well.

        Raises KeyError for a model that is not among `models` of this classifier.
        """
        return self.judge_with_quality(texts, models)[1]

    def judge_with_quality(
        self, texts: Sequence[str], models: Sequence[str]
    ) -> tuple[list[Judgement], FloatArray]:
        """Return `judge` and `quality` of the same texts for the price of one."""
        for name in models:
            if name not in self.models:
                raise KeyError(name)
        if not texts or self.extras.responses is None:
            return self.judge(texts), np.zeros((len(texts), len(models)), dtype=np.float32)
        judged, latents = self.judge_with_latents(texts)
        return judged, self.extras.responses.abilities.quality(latents, models)

    def latents(self, texts: Sequence[str]) -> FloatArray:
        """Return what abilities are held against, [n, k]; k is 0 without a response model."""
        if not texts:
            width = self.abilities.loadings.shape[1] if self.models else 0
            return np.zeros((0, width), dtype=np.float32)
        return self.judge_with_latents(texts)[1]

    def ability(
        self, prior: float, texts: Sequence[str] = (), scores: Sequence[float] = ()
    ) -> Ability:
        """Return a model never measured: its quality prior and any scores [n] in [0, 1] on texts.

        `ability.quality(classifier.latents(new_texts))` are its chances. Raises ValueError for a
        prior outside (0, 1), or when this classifier has no response model.
        """
        return self.abilities.population.fitted(prior, self.latents(texts), scores)

    def judge_with_latents(self, texts: Sequence[str]) -> tuple[list[Judgement], FloatArray]:
        """Return `judge` and `latents` of n >= 1 texts for the price of one."""
        judged, blend = self.judge_with_blend(texts)
        return judged, blend.latents()

    def judge_with_blend(self, texts: Sequence[str]) -> tuple[list[Judgement], Blend]:
        """The same, with the latents as far as they need be worked out to hold models against."""
        said, blend = self._reader.read(self.encoder, texts)
        return list(map(self._judgement, said)), blend

    def _judgement(self, said: Said) -> Judgement:
        familiar = said.familiar
        # Trust the words as far as they are familiar, and the prompt's shape for the rest.
        trust = _WORDS_SHARE * familiar
        complexity = chance(trust * said.words + (1 - trust) * said.shape)
        domains, tasks = Scores(self.domains, said.domain), Scores(self.tasks, said.task)
        surest_domain, domain_score = domains.surest
        surest_task, task_score = tasks.surest
        return Judgement(
            complexity=complexity,
            complexity_confidence=max(complexity, 1 - complexity) * familiar,
            difficulty=log_odds(complexity) - self._average,
            domain=surest_domain,
            domain_confidence=domain_score * familiar,
            domain_scores=domains,
            task=surest_task,
            task_confidence=task_score * familiar,
            task_scores=tasks,
            abstain=said.abstain,
        )


def save(
    folder: Path,
    encoder: Encoder,
    heads: Mapping[str, CalibratedHead],
    facts: Mapping[str, Any],
    extras: Extras = NO_EXTRAS,
) -> Manifest:
    """Write a classifier that `PromptClassifier.load` reads; `facts` join the manifest.

    `facts` must hold `mean_complexity`, the average complexity on train.
    """
    files = {
        TOKENISER: encoder.tokeniser.source,
        VECTORS: artifact.pack(encoder.embedder.arrays()),
        ENCODER: artifact.pack(encoder.arrays()),
        **{f"head_{name}.npz": artifact.pack(h.head.arrays()) for name, h in heads.items()},
    }
    described = {
        name: {
            "kind": entry.head.kind,
            "classes": list(entry.head.classes_),
            "calibration": {"slope": entry.calibration.slope, "offset": entry.calibration.offset},
        }
        for name, entry in heads.items()
    }
    embedder = {"kind": encoder.embedder.kind, "options": encoder.embedder.options()}
    body = {**facts, "embedder": embedder, "heads": described}
    if extras.responses is not None:
        body["responses"] = extras.responses.described()
        files[RESPONSES] = artifact.pack(extras.responses.arrays())
    if extras.novelty is not None:
        files[NOVELTY] = artifact.pack(extras.novelty.arrays())
    return artifact.save(folder, body, files)


def _restore_extras(body: Mapping[str, Any], files: dict[str, bytes], at: Path) -> Extras:
    responses = novelty = held_out = None
    if "responses" in body:
        arrays = artifact.unpack(files[RESPONSES], at / RESPONSES)
        responses = ResponseModel.restore(body["responses"], arrays)
    if NOVELTY in files:
        novelty = Novelty.restore(artifact.unpack(files[NOVELTY], at / NOVELTY))
    if HELD_OUT in files:
        arrays = artifact.unpack(files[HELD_OUT], at / HELD_OUT)
        held_out = HeldOut.restore(body["adapted"], arrays)
    return Extras(responses, novelty, held_out)


def _restore_encoder(described: Mapping[str, Any], files: dict[str, bytes], at: Path) -> Encoder:
    embedder = EMBEDDERS[described["kind"]].restore(
        described["options"], artifact.unpack(files[VECTORS], at / VECTORS)
    )
    tokeniser = Tokeniser.from_bytes(files[TOKENISER])
    return Encoder.restore(tokeniser, embedder, artifact.unpack(files[ENCODER], at / ENCODER))


def _restore_head(
    described: Mapping[str, Any], name: str, files: dict[str, bytes], at: Path
) -> CalibratedHead:
    file = f"head_{name}.npz"
    head = HEADS[described["kind"]].restore(
        described["classes"], artifact.unpack(files[file], at / file)
    )
    return CalibratedHead(head, Calibration(**described["calibration"]))
