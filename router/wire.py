"""The wire: how a request reaches an upstream and how its answer comes back.

Part of the seams of `router.ports`, which names them all.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from math import inf
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from router.core.cost import Usage
from router.errors import UpstreamError


class Tries(Struct):
    """How far one candidate may be tried, and who hears of each try that is made again.

    `last`: no other candidate is left. `left`: how many calls the request may still make.
    `seconds_left` tells how long an answer may still take to begin. `failed` is told what went
    wrong with a call before the next one to the same candidate, `begun` that this is made now.
    """

    last: bool = True
    left: int = 6
    seconds_left: Callable[[], float] = lambda: inf
    failed: Callable[[UpstreamError], None] = lambda error: None
    begun: Callable[[], None] = lambda: None


class UpstreamCall(Struct, frozen=True):
    """One call to make. `body` is the caller's JSON with `model` already the upstream's name.

    `headers` are those of the caller's that belong to its request, lower-case, by allow-list.
    `card` is the model's name in the catalog, and `tries` how far this may be tried again.
    """

    path: str
    model: str
    body: bytes
    stream: bool
    headers: Mapping[str, str] = field(default_factory=dict)
    card: str = ""
    tries: Tries = field(default_factory=Tries)


class Told(NamedTuple):
    """A whole answer in the caller's form, with the upstream's own count of its tokens; where it
    tells none, `received_tokens` is about how many were written."""

    body: bytes
    usage: Usage | None
    received_tokens: int


class Events(Protocol):
    """Follows one stream of an upstream and gives it in the caller's form.

    `begun` once an event with data has come, `events` how many held content so far: about as many
    tokens. `usage` is the upstream's own count, once told. `failed`: the stream ended well formed,
    and said that the answer had failed.
    """

    @property
    def begun(self) -> bool: ...

    @property
    def events(self) -> int: ...

    @property
    def usage(self) -> Usage | None: ...

    @property
    def failed(self) -> bool: ...

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        """The events that may go on now, one by one.

        Raises UpstreamError at one that tells a fault, after those before it.
        """
        ...

    def end(self) -> bytes:
        """What is still owed once the upstream has ended. Raises UpstreamBroken if it is cut."""
        ...


class Way(Struct, frozen=True):
    """How a request reaches one upstream and how its answer comes back: as bytes where both speak
    the same form, translated where they do not.

    `body` takes the upstream's name of the model. `answer` takes a whole answer; it raises
    UpstreamBroken if that is none. `events` follow a streamed one; what begins like one of the
    content types in `as_bytes` goes on as it arrives, for it tells nothing. `beside` is how often
    the call does what is charged for beside tokens, if the answer does not tell what it used.
    """

    path: str
    body: Callable[[str], bytes]
    answer: Callable[[bytes], Told]
    events: Callable[[], Events]
    headers: Mapping[str, str] = field(default_factory=dict)
    as_bytes: tuple[str, ...] = ()
    beside: int = 0


class Reply(Protocol):
    """An upstream's answer from its first byte on. Whoever opened it closes it."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names; only what may be passed on to a caller."""

    def at_hand(self) -> bytes | None:
        """The whole body, if it is plain and has come already; then `chunks` gives nothing more."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises UpstreamError if it breaks off or stalls."""
        ...

    async def close(self) -> None:
        """Let go of the upstream at once, also midway."""
        ...


class Upstream(Protocol):
    """A way to reach models."""

    async def open(self, call: UpstreamCall) -> Reply:
        """Send a call and wait for the head of its answer, whatever the status says.

        Raises UpstreamUnreachable or UpstreamTimeout, never with an address or a key in the text,
        and CircuitOpen without having called anybody.
        """
        ...

    async def close(self) -> None:
        """Let go of pooled connections."""
        ...
