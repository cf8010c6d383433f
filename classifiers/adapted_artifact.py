"""An adapted classifier on disk: the artifact it started from, with its own models and card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from classifiers import artifact
from classifiers.adapted_figures import Figures
from classifiers.adapting import Candidate
from classifiers.artifact import Manifest
from classifiers.card import CARD, figures_table, installed_packages, rounded
from classifiers.held_out import HELD_OUT
from classifiers.prompt_classifier import RESPONSES
from classifiers.replacement import Comparison

_OF_THE_BASE = ("format", "files")


def save_adapted(
    folder: Path,
    base: Path,
    candidate: Candidate,
    facts: Mapping[str, Any],
) -> Manifest:
    """Write what `PromptClassifier.load` reads: all of `base` but its response model.

    `facts` join the manifest. Raises ArtifactError for a base that cannot be read.
    """
    manifest, files = artifact.load(base)
    body = {name: value for name, value in manifest.body.items() if name not in _OF_THE_BASE}
    responses = candidate.responses
    changed = {
        RESPONSES: artifact.pack(responses.arrays()),
        HELD_OUT: artifact.pack(candidate.held_out.arrays()),
    }
    described = {
        "adapted": list(candidate.names),
        "responses": {**body["responses"], **responses.described()},
        "started_from": {"version": manifest.version, "figures": body.get("figures", {})},
    }
    return artifact.save(folder, {**body, **described, **facts}, {**files, **changed})


def facts_of(
    candidate: Candidate, source: str, plan: tuple[int, int], figures: Figures
) -> dict[str, Any]:
    """Return what the manifest says of the adaptation; `plan` is (folds, seed)."""
    table = candidate.table
    counts = (~np.isnan(table.scores)).sum(axis=0)
    return {
        "adaptation": {
            "source": source,
            "prompts": len(table),
            "distinct_prompts": len(np.unique(candidate.groups)),
            "labels": dict(zip(table.models, map(int, counts), strict=True)),
            "folds": plan[0],
            "seed": plan[1],
        },
        "packages": installed_packages(),
        "figures": {
            test: {
                name: rounded(estimate)
                for name, estimate in found.items()
                if np.isfinite(estimate.value + estimate.low + estimate.high)
            }
            for test, found in figures.items()
        },
    }


LIMITS = """\
- The figures say how the *recipe* fares on prompts that it did not learn from; the classifier
  itself learned from all labels, so it should do no worse.
- They hold for prompts like these and for these models as they were. New models need new labels.
- Complexity, domain, task and the chances of all other models are those of the classifier that this
  one started from; its card's limits hold here too.
- The artifact holds a hash of each prompt's words, so that it can be judged honestly on prompts
  that taught it; it holds no prompt.
"""


def write_card(folder: Path, compared: Mapping[str, Sequence[Comparison]]) -> str:
    """Write `card.md` beside an adapted artifact's manifest and return its text."""
    manifest, _ = artifact.load(folder)
    body = manifest.body
    facts = body["adaptation"]
    labels = "\n".join(f"- {name}: {count} labels" for name, count in facts["labels"].items())
    parts = [
        f"# Prompt classifier {manifest.version}, adapted",
        f"Classifier {body['started_from']['version']} with models learned from a user's own"
        f" labels: {', '.join(body['adapted'])}.",
        f"## Data\n\n`{facts['source']}`: {facts['prompts']} prompts, near-duplicates of"
        f" {facts['distinct_prompts']} that differ.\n\n{labels}",
        f"Cross-validated in {facts['folds']} folds with near-duplicates in one, seed"
        f" {facts['seed']}. Made again with `slm-router train`.",
        "## Against what it replaces\n\n"
        + "\n".join(f"- {against}: {one}" for against, some in compared.items() for one in some),
        "## Figures on held-back labels\n\nValue [bootstrap 95 % interval over prompts].\n\n"
        + figures_table(body["figures"]),
        "## Limits\n\n" + LIMITS,
        "## What it started from\n\n" + _started(body),
        "## Versions\n\n" + ", ".join(f"{k} {v}" for k, v in sorted(body["packages"].items())),
    ]
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    (folder / CARD).write_text(text, encoding="utf-8")
    return text


def _started(body: Mapping[str, Any]) -> str:
    figures = body["started_from"]["figures"]
    heads = ", ".join(f"{name} ({head['kind']})" for name, head in sorted(body["heads"].items()))
    told = f"Embedder `{body['embedder']['kind']}`; heads: {heads}."
    return told + ("\n\nIts own figures:\n\n" + figures_table(figures) if figures else "")
