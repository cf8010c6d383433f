"""Embeddings: texts or token numbers, as vectors."""

from router.dialects.by_name import Kind
from router.dialects.prompt_input import turns_of

EMBEDDINGS = Kind(
    endpoint="embeddings",
    path="/embeddings",
    inputs={"input": turns_of},
    why="Embeddings of different models do not fit together",
)
