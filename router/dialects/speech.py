"""Speech: a text, spoken. The sound goes on as it arrives."""

from collections.abc import Iterable
from functools import partial

from router.core.cost import Usage
from router.dialects.by_name import EVENTS, Kind, Streaming, made_of
from router.dialects.fields import ANY, Fields
from router.dialects.prompt_input import text_of
from router.dialects.typed_stream import Typed, TypedReader

_EVENTS = Typed(frozenset({"speech.audio.done"}), frozenset(), made_of("audio"))
_SOUND = ("audio/", "application/octet-stream")
_ACCEPTED = {"accept": "audio/*, application/octet-stream"}


class Sound:
    """Follows bytes in which nothing is told; see `router.ports.Events`."""

    events = 0
    usage: Usage | None = None
    failed = False

    def __init__(self) -> None:
        self.begun = False

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        """All of it."""
        self.begun = True
        return (chunk,)

    def end(self) -> bytes:
        """Nothing is kept back."""
        return b""


def _streaming(fields: Fields) -> Streaming:
    if fields.get("stream_format", ANY) == "sse":
        return Streaming(EVENTS, partial(TypedReader, _EVENTS))
    return Streaming(_SOUND, Sound, _ACCEPTED)


SPEECH = Kind(
    endpoint="speech",
    path="/audio/speech",
    inputs={"input": text_of},
    why="Sound is not judged here, so none of its models can be chosen",
    beside=1,
    streaming=_streaming,
)
