"""PromptClassifier: what the gateway asks about a prompt. One embedding, several heads.

Immutable once loaded, so any number of threads may share one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from classifiers import artifact
from classifiers.artifact import Manifest
from classifiers.base import Design, FloatArray, Head
from classifiers.calibrate import Calibration
from classifiers.embedders import EMBEDDERS
from classifiers.encoder import FULL, SURFACE, Encoder
from classifiers.errors import ArtifactError
from classifiers.heads import HEADS
from classifiers.tokens import Tokeniser

PRETRAINED = Path(__file__).parent / "pretrained"
TOKENISER, VECTORS, ENCODER = "tokenizer.json", "vectors.npz", "encoder.npz"
COMPLEXITY, COMPLEXITY_SURFACE, DOMAIN, TASK, FAMILIAR = (
    "complexity",
    "complexity_surface",
    "domain",
    "task",
    "familiar",
)
VIEWS = {
    COMPLEXITY: FULL,
    COMPLEXITY_SURFACE: SURFACE,
    DOMAIN: FULL,
    TASK: FULL,
    FAMILIAR: FULL,
}
_WORDS_SHARE = 0.7  # averaging in the shape of familiar prompts too wins a little on val
_EDGE = 1e-4  # probabilities are kept this far from 0 and 1, so that their logit is finite


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the classifier makes of one prompt.

    Attributes:
        complexity: calibrated probability that a small model (up to about 9B) falls short of a
            large one on this prompt.
        complexity_confidence: how far to trust its side of one half; low for text in a language
            that the embedder does not know.
        difficulty: logit(complexity) - logit(mean complexity on train): 0 is an average prompt.
        domain, task: the likeliest label; its confidence is its score times familiarity.
        domain_scores, task_scores: probability of each label; they sum to 1.
    """

    complexity: float
    complexity_confidence: float
    difficulty: float
    domain: str
    domain_confidence: float
    domain_scores: Mapping[str, float]
    task: str
    task_confidence: float
    task_scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CalibratedHead:
    """A fitted head with the calibration of its scores."""

    head: Head
    calibration: Calibration

    def predict_proba(self, X: Design) -> FloatArray:
        """Return calibrated probabilities [n, len(head.classes_)]."""
        return self.calibration.apply(self.head.decision_function(X))


@dataclass(frozen=True, slots=True)
class PromptClassifier:
    """Judges prompts: complexity, domain, task. Build with `load`."""

    manifest: Manifest
    encoder: Encoder
    heads: Mapping[str, CalibratedHead]

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
            float(manifest.body["mean_complexity"])
        except (KeyError, ValueError, TypeError, IndexError) as error:
            problem = f"does not describe a prompt classifier ({error!r}); {artifact.RETRAIN}"
            raise ArtifactError(folder / artifact.MANIFEST, problem) from error
        return cls(manifest, encoder, heads)

    @property
    def domains(self) -> tuple[str, ...]:
        """Every domain that `judge` can name."""
        return self.heads[DOMAIN].head.classes_

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every task that `judge` can name."""
        return self.heads[TASK].head.classes_

    def judge(self, texts: Sequence[str]) -> list[Judgement]:
        """Return one Judgement per text, for any text at all (empty, huge, any language)."""
        if not texts:
            return []
        views = self.encoder.encode(texts)
        found = {name: head.predict_proba(views[VIEWS[name]]) for name, head in self.heads.items()}
        familiar = found[FAMILIAR][:, 1]
        complexity = self._complexity(found, familiar)
        return [
            self._judgement(
                float(complexity[row]),
                float(familiar[row]),
                found[DOMAIN][row],
                found[TASK][row],
            )
            for row in range(len(texts))
        ]

    def _complexity(self, found: Mapping[str, FloatArray], familiar: FloatArray) -> FloatArray:
        """Trust the words as far as they are familiar, and the prompt's shape for the rest."""
        words, shape = (_logit(found[n][:, 1]) for n in (COMPLEXITY, COMPLEXITY_SURFACE))
        trust = _WORDS_SHARE * familiar
        blended = trust * words + (1 - trust) * shape
        result: FloatArray = 1 / (1 + np.exp(-blended))
        return result

    def _judgement(
        self, complexity: float, familiar: float, domain: FloatArray, task: FloatArray
    ) -> Judgement:
        best_domain, best_task = int(domain.argmax()), int(task.argmax())
        average = self.manifest.body["mean_complexity"]
        return Judgement(
            complexity=complexity,
            complexity_confidence=max(complexity, 1 - complexity) * familiar,
            difficulty=float(_logit(complexity) - _logit(average)),
            domain=self.domains[best_domain],
            domain_confidence=float(domain[best_domain]) * familiar,
            domain_scores=dict(zip(self.domains, domain.tolist(), strict=True)),
            task=self.tasks[best_task],
            task_confidence=float(task[best_task]) * familiar,
            task_scores=dict(zip(self.tasks, task.tolist(), strict=True)),
        )


def save(
    folder: Path, encoder: Encoder, heads: Mapping[str, CalibratedHead], facts: Mapping[str, Any]
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
    return artifact.save(folder, {**facts, "embedder": embedder, "heads": described}, files)


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


def _logit(probability: Any) -> Any:
    kept = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.log(kept / (1 - kept))
