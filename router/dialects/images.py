"""Images: pictures of what a prompt says, whole or as they take shape."""

from functools import partial

from router.answer import UsageFields
from router.dialects.by_name import Kind, Streaming, made_of
from router.dialects.fields import FLAG, Fields
from router.dialects.prompt_input import text_of
from router.dialects.typed_stream import Typed, TypedReader

MAX_PICTURE_BYTES = 64 * 1024 * 1024
"""Of an event: one of 3,840 by 2,160 points in base64 may take half of it."""

_LAST = frozenset({"image_generation.completed"})
_usage = made_of("image")


def _unknown(told: UsageFields) -> None:
    """Of several pictures that come one by one it is not said whether each tells its own."""
    return None


def _streaming(fields: Fields) -> Streaming | None:
    if not fields.get("stream", FLAG):
        return None
    answers = fields.count("n") or 1
    usage = _usage if answers == 1 else _unknown
    kind = Typed(_LAST, frozenset(), usage, MAX_PICTURE_BYTES, answers)
    return Streaming(partial(TypedReader, kind))


IMAGES = Kind(
    endpoint="images",
    path="/images/generations",
    inputs={"prompt": text_of},
    why="Pictures are not judged here, so none of their models can be chosen",
    answers="n",
    usage=_usage,
    beside=1,
    streaming=_streaming,
)
