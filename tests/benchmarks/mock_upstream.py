"""An upstream that answers at once: python -m tests.benchmarks.mock_upstream PORT

A protocol by hand, so that a gateway in front of it is what a benchmark measures. Plain answers
and streams of 32 events, whatever is asked, with a usage; it reads no more of a request than where
it ends and whether it wants a stream.
"""

import asyncio
import json
import sys
from typing import Any, cast

import uvloop

TEXT = "The gateway sends each request to the cheapest model that is good enough. " * 3
USAGE = {"prompt_tokens": 60, "completion_tokens": 48, "total_tokens": 108}
EVENTS = 32


def _chat(kind: str, choice: dict[str, Any], **more: Any) -> bytes:
    told = {"id": "chatcmpl-1", "object": kind, "created": 1, "model": "mock"}
    return json.dumps({**told, "choices": [{"index": 0, **choice}], **more}).encode()


def _head(kind: str, rest: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{rest}\r\n\r\n".encode()


def _plain() -> bytes:
    message = {"message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    body = _chat("chat.completion", message, usage=USAGE)
    return _head("application/json", f"content-length: {len(body)}") + body


def _stream() -> list[bytes]:
    kind = "chat.completion.chunk"
    token = _chat(kind, {"delta": {"content": "word "}, "finish_reason": None})
    last = _chat(kind, {"delta": {}, "finish_reason": "stop"})
    usage = _chat(kind, {}, usage=USAGE).replace(b'[{"index": 0}]', b"[]")
    events = [b"data: %s\n\n" % it for it in (*[token] * EVENTS, last, usage, b"[DONE]")]
    chunks = [b"%x\r\n%s\r\n" % (len(event), event) for event in events]
    return [_head("text/event-stream", "transfer-encoding: chunked"), *chunks, b"0\r\n\r\n"]


class Upstream(asyncio.Protocol):
    """One connection."""

    plain, stream = _plain(), b"".join(_stream())

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:

        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while True:
            head, separator, rest = self._received.partition(b"\r\n\r\n")
            length = _length(head)
            if not separator or len(rest) < length:
                return
            body, self._received = rest[:length], rest[length:]
            streams = b'"stream":true' in body or b'"stream": true' in body
            self._transport.write(self.stream if streams else self.plain)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(port: int) -> None:
    """Until killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
