"""An upstream that answers what a test tells it to, and remembers what it was asked."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence

from router.errors import UpstreamError
from router.ports import UpstreamCall

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}


class FakeReply:
    """Satisfies router.ports.Reply. `then` is raised after the chunks, as a break would be."""

    def __init__(
        self,
        chunks: Sequence[bytes],
        status: int = 200,
        headers: Mapping[str, str] = JSON,
        then: BaseException | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.closed = 0
        self._chunks = chunks
        self._then = then

    def at_hand(self) -> bytes | None:
        return None

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        if self._then is not None:
            raise self._then

    async def close(self) -> None:
        self.closed += 1


class FakeUpstream:
    """Satisfies router.ports.Upstream. Plays its script in order, the last line for ever."""

    def __init__(self, *script: FakeReply | BaseException) -> None:
        self.calls: list[UpstreamCall] = []
        self.closed = False
        self._script = list(script) or [plain_reply()]

    async def open(self, call: UpstreamCall) -> FakeReply:
        self.calls.append(call)
        line = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(line, BaseException):
            raise line
        return line

    async def close(self) -> None:
        self.closed = True

    @property
    def bodies(self) -> list[dict[str, object]]:
        """The bodies it was sent, decoded."""
        return [json.loads(call.body) for call in self.calls]


def plain_reply(text: str = "Hello.", prompt: int = 12, completion: int = 3) -> FakeReply:
    """A whole chat completion."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        },
    }
    return FakeReply([json.dumps(body).encode()])


def event(
    text: str | None = None, finish: str | None = None, usage: Mapping[str, int] | None = None
) -> bytes:
    """One event of a streamed chat completion."""
    choices = [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}]
    chunk: dict[str, object] = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "choices": [] if usage else choices,
    }
    if usage:
        chunk["usage"] = usage
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
USAGE = event(usage={"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 14})


def streamed_reply(*events: bytes, then: UpstreamError | None = None) -> FakeReply:
    """A streamed chat completion of two tokens, or of the events given."""
    default = (event("Hel"), event("lo"), event(finish="stop"), USAGE, DONE)
    return FakeReply(events or default, headers=SSE, then=then)
