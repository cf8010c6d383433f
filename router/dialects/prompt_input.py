"""What is asked beside a conversation: a text, several, objects that hold texts, or token numbers.

Token numbers count as tokens and say nothing: only the model that they are meant for can read them.
"""

from collections.abc import Mapping
from typing import Any

from router.core.request import Turn
from router.dialects.attached import texts
from router.errors import InvalidRequest


def turns_of(value: Any, param: str) -> tuple[Turn, ...]:
    """Each input as a turn of the user's. Raises InvalidRequest naming what is none."""
    if isinstance(value, str):
        return (Turn("user", value),)
    if not isinstance(value, list) or not value:
        raise InvalidRequest(
            "Expected a text, a list of texts, or token numbers in one list or several.", param
        )
    if _are_tokens(value):
        return (Turn("user", "", tokens=len(value)),)
    return tuple(_turn(item, f"{param}[{at}]") for at, item in enumerate(value))


def _turn(item: Any, param: str) -> Turn:
    if isinstance(item, str):
        return Turn("user", item)
    if isinstance(item, list) and item and _are_tokens(item):
        return Turn("user", "", tokens=len(item))
    raise InvalidRequest("Expected a text or a list of token numbers.", param)


def _are_tokens(items: list[Any]) -> bool:
    # Item by item in Python, the 300,000 of one full request would hold up all others for 0.2 s.
    return set(map(type, items)) <= {int}


def text_of(value: Any, param: str) -> tuple[Turn, ...]:
    """One text. Raises InvalidRequest."""
    if not isinstance(value, str) or not value:
        raise InvalidRequest("Expected a text.", param)
    return (Turn("user", value),)


def item_of(value: Any, param: str) -> tuple[Turn, ...]:
    """A text, or an object with every text in it. Raises InvalidRequest."""
    if isinstance(value, Mapping) and value:
        return (Turn("user", "\n".join(texts([value]))),)
    if not isinstance(value, str):
        raise InvalidRequest("Expected a text or an object.", param)
    return (Turn("user", value),)


def items_of(value: Any, param: str) -> tuple[Turn, ...]:
    """Several of these, or one object that holds them all, as vLLM takes it. Raises InvalidRequest
    naming the one that is none."""
    if isinstance(value, Mapping):
        return item_of(value, param)
    if not isinstance(value, list) or not value:
        raise InvalidRequest("Expected a list of at least one text or object.", param)
    return tuple(turn for at, it in enumerate(value) for turn in item_of(it, f"{param}[{at}]"))
