"""Moderations: texts and pictures, as scores of what is wrong with them."""

from typing import Any

from router.core.request import Turn
from router.dialects.by_name import Kind
from router.dialects.prompt_input import items_of, text_of


def _turns(value: Any, param: str) -> tuple[Turn, ...]:
    return text_of(value, param) if isinstance(value, str) else items_of(value, param)


MODERATIONS = Kind(
    endpoint="moderations",
    path="/moderations",
    inputs={"input": _turns},
    why="Scores of different models mean different things",
    default="omni-moderation-latest",
)
