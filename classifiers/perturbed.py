"""Prompts said a little differently: what must not change a decision.

Learned from beside the originals, with the same scores, so that case, politeness and typos do
not pass for difficulty.
"""

from __future__ import annotations

import random
from collections.abc import Callable

_BEFORE = (
    "Could you please help me with this? ",
    "Please answer the following. ",
    "Hi! I have a question: ",
    "Hello, I would be grateful for your help. ",
    "I need help with this.\n\n",
    "Can you answer this for me, please? ",
)
_AFTER = ("", " Thank you!", " Thanks in advance.", "\n\nThank you very much for your help.")


def lower_case(text: str, draw: random.Random) -> str:
    """Return the text without capitals."""
    return text.lower()


def polite(text: str, draw: random.Random) -> str:
    """Return the text with a greeting or request before it and perhaps thanks after it."""
    return draw.choice(_BEFORE) + text + draw.choice(_AFTER)


def mistyped(text: str, draw: random.Random) -> str:
    """Swap two neighbouring letters in about one word of six: a typo is no foreign language."""
    words = text.split(" ")
    for place, word in enumerate(words):
        if len(word) > 3 and draw.random() < 1 / 6:
            at = draw.randrange(1, len(word) - 1)
            words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


PERTURBATIONS: dict[str, Callable[[str, random.Random], str]] = {
    "lower case": lower_case,
    "politeness": polite,
    "typos": mistyped,
}


def perturbed(text: str, draw: random.Random) -> str:
    """Return the text under politeness, half the time, and one other perturbation or none."""
    other = draw.choice((lower_case, mistyped, None))
    changed = text if other is None else other(text, draw)
    return polite(changed, draw) if other is None or draw.random() < 0.5 else changed
