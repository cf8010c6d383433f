"""Following: who follows a streamed answer, by what the upstream says that it is."""

from collections.abc import Iterable

from router.core.cost import Usage
from router.errors import UpstreamBroken
from router.ports import Events, Way

EVENT_STREAM = "text/event-stream"


def follower(way: Way, content_type: str) -> Events:
    """Who follows an answer of this type, in lower case. Raises UpstreamBroken if it is none that
    was asked for."""
    if content_type.startswith(EVENT_STREAM):
        return way.events()
    if way.as_bytes and content_type.startswith(way.as_bytes):
        return PassedBytes()
    raise UpstreamBroken("The upstream answered a streamed request without a stream.")


class PassedBytes:
    """Follows bytes in which nothing is told, such as sound; see `router.ports.Events`."""

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
