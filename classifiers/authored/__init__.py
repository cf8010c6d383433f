"""Prompts that we wrote: templates in `prompts.json`, filled with a seeded draw."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

_SLOT = re.compile(r"\{(\w+)\}")
_HELD_BACK = 5  # every fifth template is for val: a filled slot must not make a prompt "unseen"


@dataclass(frozen=True, slots=True)
class AuthoredPrompt:
    """One filled template.

    Attributes:
        target: our guess at its complexity, None where we made none.
        english: whether its instruction is written in English.
    """

    text: str
    task: str
    target: float | None
    english: bool
    split: str


def authored_prompts(seed: int, per_template: int = 6) -> list[AuthoredPrompt]:
    """Fill every template up to `per_template` times; the same seed gives the same prompts."""
    book = json.loads(files(__name__).joinpath("prompts.json").read_text(encoding="utf-8"))
    draw = random.Random(seed)
    return [
        prompt
        for group in book["groups"]
        for place, template in enumerate(group["templates"])
        for prompt in _filled(group, template, place, _texts(template, book, draw, per_template))
    ]


def _texts(
    template: str, book: dict[str, dict[str, list[str]]], draw: random.Random, count: int
) -> set[str]:
    slots = book["slots"]
    return {
        _SLOT.sub(
            lambda found: draw.choice(slots[found[1]]) if found[1] in slots else found[0], template
        )
        for _ in range(count if "{" in template else 1)
    }


def _filled(
    group: dict[str, str | float | None], template: str, place: int, texts: set[str]
) -> Iterator[AuthoredPrompt]:
    split = "val" if place % _HELD_BACK == _HELD_BACK - 1 else "train"
    target = None if group["target"] is None else float(group["target"])
    english = group["language"] == "en"
    for text in sorted(texts):
        yield AuthoredPrompt(text, str(group["task"]), target, english, split)
