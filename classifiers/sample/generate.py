"""Make the sample again: `python -m classifiers.sample.generate`. Seeded: always the same files.

A prompt is a template of ours, filled; its hardness is the template's with a little chance added.
A model's score is a coin that falls as skill - hardness says; nobody was asked anything.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from itertools import product
from math import exp
from pathlib import Path

from classifiers.sample import FOLDER, NAME

SEED = 7
PER_TEMPLATE = 24
_NAMES = ("Ada", "Boris", "Chen", "Dalia", "Emil", "Farah", "Goran", "Hana", "Ivo", "Jun")
_OBJECTS = ("lamp", "kettle", "ladder", "compass", "violin", "backpack", "telescope", "clock")
_TOPICS = (
    "photosynthesis",
    "inflation",
    "plate tectonics",
    "vaccines",
    "compound interest",
    "black holes",
    "the water cycle",
    "public key cryptography",
    "natural selection",
    "osmosis",
)
_PLACES = ("Norway", "Chile", "Kenya", "Vietnam", "Portugal", "Canada", "Japan", "Peru", "Ghana")
_CODE = (
    "reverses a list",
    "counts vowels in a text",
    "merges two sorted lists",
    "finds duplicates",
    "checks for a palindrome",
    "flattens nested lists",
    "parses a date",
    "rotates a matrix",
    "removes empty lines",
    "groups words by length",
)


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt with slots, its category, and how hard it is in logits (0: even odds)."""

    category: str
    hardness: float
    text: str


@dataclass(frozen=True, slots=True)
class Model:
    """A made-up model: skill in logits, more or less of it by category, dollars a prompt."""

    name: str
    skill: float
    cost_usd: float
    bonus: tuple[tuple[str, float], ...] = ()


MODELS = (
    Model("simulated-2b", -0.6, 0.00002),
    Model("simulated-8b", 0.5, 0.00008),
    Model("simulated-coder-8b", 0.1, 0.00008, (("code", 1.9),)),
    Model("simulated-70b", 1.9, 0.0009),
)

TEMPLATES = (
    Template("chat", -3.0, "Hi! How was your day, {name}?"),
    Template("chat", -2.6, "Tell me a short joke about a {object}."),
    Template("chat", -2.4, "Suggest a nickname for my friend {name}, who loves {topic}."),
    Template("facts", -2.8, "What is the capital of {place}?"),
    Template("facts", -1.2, "Explain {topic} in two sentences for a child."),
    Template(
        "facts", 0.6, "Which treaties shaped the modern border of {place}, and in which years?"
    ),
    Template("writing", -1.6, "Make this more polite: send me the {object} now, {name}."),
    Template("writing", -0.6, "Write a product description of forty words for a {object}."),
    Template(
        "writing",
        1.1,
        "Write a sonnet about {topic} in strict iambic pentameter, rhyming ABAB CDCD EFEF GG, in"
        " which no line holds the letter z and {name} is named exactly once.",
    ),
    Template("maths", -1.9, "What is {big} plus {small}?"),
    Template(
        "maths",
        -0.2,
        "{name} buys {small} {object}s at {big} cents each and pays with a note of 100 dollars."
        " How much change is given back?",
    ),
    Template(
        "maths",
        2.0,
        "Find all integer solutions of x^2 - {small}y^2 = {big} with |x| < 1000, and prove that"
        " there are no others.",
    ),
    Template(
        "maths",
        2.4,
        "Let f be continuous on [0, {small}] with f(0) = f({small}). Prove that for every n there"
        " is an x with f(x) = f(x + {small}/n), and show why {big}/n may fail.",
    ),
    Template(
        "reasoning",
        0.3,
        "{name} is older than {other}, and {other} is older than {third}. The youngest owns the"
        " {object}. Who owns it?",
    ),
    Template(
        "reasoning",
        2.2,
        "Five houses stand in a row. {name} lives next to the {object}, but not at an end. {other}"
        " lives two to the left of whoever studies {topic}. {third} does not live beside {name}."
        " The red house is right of the blue one and left of {other}'s. Where does each live?",
    ),
    Template("code", -0.3, "Write a Python function that {code}."),
    Template("code", 0.9, "Write a Rust function that {code}, in one pass, with tests and types."),
    Template(
        "code",
        1.9,
        "This service deadlocks when {small} workers share {big} locks while one of them {code}."
        " Rewrite it without locks, keep it linearisable, and prove that it makes progress.",
    ),
)


def filled(template: Template, draw: random.Random) -> str:
    """Return a template's text with its slots drawn."""
    name, other, third = draw.sample(_NAMES, 3)
    return template.text.format(
        name=name,
        other=other,
        third=third,
        object=draw.choice(_OBJECTS),
        topic=draw.choice(_TOPICS),
        place=draw.choice(_PLACES),
        code=draw.choice(_CODE),
        big=draw.randint(101, 999),
        small=draw.randint(2, 29),
    )


def generate(folder: Path) -> None:
    """Write `prompts.jsonl` and `scores.jsonl`."""
    draw = random.Random(SEED)
    texts: dict[str, tuple[Template, float]] = {}
    for template, _ in product(TEMPLATES, range(PER_TEMPLATE)):
        hardness = template.hardness + draw.gauss(0, 0.5)
        texts.setdefault(filled(template, draw), (template, hardness))
    prompts, scores = [], []
    for place, (text, (template, hardness)) in enumerate(texts.items()):
        key = {"dataset": NAME, "prompt_id": f"s{place:03d}"}
        split = "train" if place % 2 else "val"
        prompts.append({**key, "prompt": text, "category": template.category, "split": split})
        for model in MODELS:
            skill = model.skill + dict(model.bonus).get(template.category, 0.0)
            good = draw.random() < 1 / (1 + exp(2 * (hardness - skill)))
            scores.append(
                {**key, "model": model.name, "score": int(good), "cost_usd": model.cost_usd}
            )
    for name, rows in (("prompts", prompts), ("scores", scores)):
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    generate(FOLDER)
