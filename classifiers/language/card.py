"""The card of the identifier of languages, written from its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from classifiers.artifact import Manifest
from classifiers.language.identifier import MODEL

CARD = "card.md"

SOURCES = """\
| what | licence | used for |
|---|---|---|
| the letter n-gram tables of lingua-language-detector 1.4 by Peter M. Stahl | Apache-2.0 | which \
n-grams count; words drawn to learn from |
| lingua-py test sentences, word pairs and single words, `train` rows | Apache-2.0 | real texts to \
learn from |
| `classifiers/language/phrases.json`, written for this project | Apache-2.0 | what people say \
to an assistant in passing |
| English prompts, `train` rows: CLINC150 (CC-BY-3.0), BANKING77, HWU64 (CC-BY-4.0) and the \
prompt tables on the card of `classifiers/pretrained` | as said there | English as it is asked |
| the blocks of Unicode | Unicode-3.0 | languages that their script alone decides |
"""


def written(manifest: Manifest, folder: Path) -> str:
    """Return the card in Markdown."""
    return "\n".join(_lines(manifest, folder))


def _lines(manifest: Manifest, folder: Path) -> Iterator[str]:
    body, plan = manifest.body, manifest.body["plan"]
    size = (folder / MODEL).stat().st_size / 1e6
    yield f"# Identifier of languages {manifest.version}\n"
    yield f"Tells {len(body['languages'])} languages apart: {', '.join(body['languages'])}.\n"
    yield (
        f"{plan['kept']} letter n-grams of one to five letters, {plan['dimensions']} dimensions,"
        f" {size:.2f} MB. Seed {body['seed']}."
    )
    yield "Made again with `python -m classifiers.language.train --data DIR`.\n"
    yield f"## Data\n\n{SOURCES}"
    yield "## Figures on val\n\nValue [bootstrap 95 % interval over texts].\n"
    yield from _accuracies(body["figures"])
    yield from _confidences(body)
    yield from _languages(body["figures"])


def _accuracies(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "| texts | the likeliest language is right | told, and right | undetermined | n |"
    yield "|---|---|---|---|---|"
    for kind, found in figures["kinds"].items():
        likeliest, told = _cell(found["likeliest"]), _cell(found["told"])
        yield f"| {kind} | {likeliest} | {told} | {found['undetermined']:.3f} | {found['n']} |"
    yield "\n| English texts | told to be English | undetermined | n |\n|---|---|---|---|"
    for name, found in figures["english"].items():
        yield f"| {name} | {_cell(found['english'])} | {found['undetermined']:.4f} | {found['n']} |"


def _confidences(body: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Confidence\n"
    yield (
        "Two parameters of it are set on val. Under"
        f" {body['least_confidence']} the answer is `und`. How often the likeliest language is"
        " right, all kinds of texts of val together:\n"
    )
    yield "| probability | mean | right | n |\n|---|---|---|---|"
    for found in body["figures"]["confidence"]:
        between = f"{found['from']}-{found['to']}"
        yield f"| {between} | {found['said']:.3f} | {found['right']:.3f} | {found['n']} |"


def _languages(figures: Mapping[str, Any]) -> Iterator[str]:
    kinds = figures["kinds"]
    yield "\n## By language\n\nShare of texts whose likeliest language is the right one.\n"
    yield f"| language | {' | '.join(kinds)} |\n|---|{'---|' * len(kinds)}"
    for code in sorted({code for found in kinds.values() for code in found["by_language"]}):
        cells = (found["by_language"].get(code) for found in kinds.values())
        shown = (f"{cell:.2f}" if cell is not None else "-" for cell in cells)
        yield f"| {code} | {' | '.join(shown)} |"
    for kind, found in kinds.items():
        yield f"\nCommonest mistakes, {kind} (true > taken for, how often): " + ", ".join(
            f"{true} > {taken} {count}" for true, taken, count in found["mistakes"][:25]
        )
    yield ""


def _cell(found: Mapping[str, float]) -> str:
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
