"""Speech: a text, spoken. The sound goes on as it arrives, or as events where they are asked for.

Servers that know no `stream_format` send sound all the same.
"""

from functools import partial

from router.dialects.by_name import Kind, Streaming, made_of
from router.dialects.fields import ANY, Fields
from router.dialects.prompt_input import text_of
from router.dialects.typed_stream import Typed, TypedReader

_EVENTS = Typed(frozenset({"speech.audio.done"}), frozenset(), made_of("audio"))
_SOUND = ("audio/", "application/octet-stream")
_ACCEPTED = {"accept": "audio/*, application/octet-stream"}


def _streaming(fields: Fields) -> Streaming:
    as_events = fields.get("stream_format", ANY) == "sse"
    return Streaming(partial(TypedReader, _EVENTS), _SOUND, {} if as_events else _ACCEPTED)


SPEECH = Kind(
    endpoint="speech",
    path="/audio/speech",
    inputs={"input": text_of},
    why="Sound is not judged here, so none of its models can be chosen",
    beside=1,
    streaming=_streaming,
)
