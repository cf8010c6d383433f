"""Prompts said a little differently: what must not change a decision.

Case and common courtesies are taken off before anything is read (`wording.py`); typos, and
courtesies in words nobody foresaw, have to be borne.
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
_UNFORESEEN = (
    "My colleague and I were discussing this over lunch, and we would love to hear your view: ",
    "You have been super helpful so far, so here comes another one. ",
    "Since you know so much, ",
    "I hope this message finds you well! ",
    "For my homework: ",
    "This one has been bugging me all day. ",
)
_AFTER = ("", " Thank you!", " Thanks in advance.", "\n\nThank you very much for your help.")


def lower_case(text: str, draw: random.Random) -> str:
    """Return the text without capitals."""
    return text.lower()


def polite(text: str, draw: random.Random) -> str:
    """Return the text with a greeting or request before it and perhaps thanks after it."""
    return draw.choice(_BEFORE) + text + draw.choice(_AFTER)


def chatty(text: str, draw: random.Random) -> str:
    """Return the text after an opening that no list of courtesies holds."""
    return draw.choice(_UNFORESEEN) + text


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
    "chatty opening": chatty,
    "typos": mistyped,
}
