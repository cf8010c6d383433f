"""FakeOpenAIServer: an OpenAI-compatible server on loopback whose faults a test switches on."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

FaultKind = Literal[
    "none",
    "delay",
    "hang",
    "status",
    "reset",
    "close",
    "garbage",
    "html",
    "truncated_json",
    "giant",
    "cut_body",
    "cut_stream",
    "stall_stream",
    "error_event",
    "no_done",
    "redirect",
]
"""none: answer well. delay: after `seconds`. hang: never. status: `status`, `headers`, `body`.
reset, close: drop the connection before a byte. garbage: bytes that are not HTTP. html: 200 with a
page. truncated_json: half an object, well framed. giant: `size` bytes. cut_body, cut_stream:
break off midway. stall_stream: two events, then silence. error_event: an error as first event.
no_done: a stream without `[DONE]`. redirect: 307 to elsewhere."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request."""

    kind: FaultKind = "none"
    seconds: float = 0.0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b'{"error":{"message":"fake fault","type":"server_error","code":"fake"}}'
    size: int = 0


@dataclass(frozen=True)
class Received:
    """One request as the server saw it."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Equal for requests that came over one connection."""

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


TEXT = ("Hel", "lo", " wörld", "\u2028", "!")
"""The answer, token by token; one token holds U+2028, at which careless readers cut."""

DONE = b"data: [DONE]\n\n"


class FakeOpenAIServer:
    """Use as `async with FakeOpenAIServer() as server`. `fault` is for all requests, those in
    `next_faults` for the next ones only. `arrival` is set by the first request, `departure` by
    the first caller that goes before the end; `left` counts those.
    """

    def __init__(self, models: tuple[str, ...] = ("fake-model",), owned_by: str = "fake") -> None:
        self.models_answer: Any = {
            "object": "list",
            "data": [{"id": m, "object": "model", "owned_by": owned_by} for m in models],
        }
        self.fault = Fault()
        self.next_faults: deque[Fault] = deque()
        self.received: list[Received] = []
        self.arrival = asyncio.Event()
        self.departure = asyncio.Event()
        self.left = 0
        self.event_gap_s = 0.0
        self._runner: web.AppRunner | None = None
        self._connections: list[asyncio.BaseTransport] = []
        self.port = 0

    @property
    def base_url(self) -> str:
        """What a client takes as base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        """Listen; on the same port again after `stop`, if given."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    def drop_connections(self) -> None:
        """Reset every connection, the idle ones of callers' pools too."""
        for transport in self._connections:
            if isinstance(transport, asyncio.Transport):
                transport.abort()

    async def _models(self, request: web.Request) -> web.StreamResponse:
        await self._receive(request)
        return web.json_response(self.models_answer)

    async def _receive(self, request: web.Request) -> Received:
        transport = request.transport
        assert transport is not None
        if transport not in self._connections:
            self._connections.append(transport)
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Received(
            request.path, headers, await request.read(), self._connections.index(transport)
        )
        self.received.append(seen)
        self.arrival.set()
        return seen

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = (await self._receive(request)).json
        fault = self.next_faults.popleft() if self.next_faults else self.fault
        try:
            before = await self._before_head(request, fault)
            if before is not None:
                return before
            if body.get("stream"):
                return await self._stream(request, body, fault)
            return await self._plain(request, body, fault)
        except (asyncio.CancelledError, ConnectionResetError):
            self.left += 1
            self.departure.set()
            raise

    async def _before_head(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        if fault.kind in ("delay", "hang"):
            await asyncio.sleep(3600 if fault.kind == "hang" else fault.seconds)
        if fault.kind == "status":
            headers = {"content-type": "application/json", **fault.headers}
            return web.Response(status=fault.status, headers=headers, body=fault.body)
        if fault.kind == "html":
            return web.Response(
                text="<html><title>Sign in</title></html>", content_type="text/html"
            )
        if fault.kind == "redirect":
            return web.Response(status=307, headers={"location": "http://127.0.0.1:9/v1"})
        if fault.kind in ("reset", "close", "garbage"):
            _drop(request, fault.kind)
        return None

    async def _plain(
        self, request: web.Request, body: dict[str, Any], fault: Fault
    ) -> web.StreamResponse:
        content = json.dumps(completion(body)).encode()
        headers = {"content-type": "application/json", "x-request-id": "req_fake"}
        headers |= {"x-ratelimit-remaining-requests": "59", "server": "secret-host-name"}
        headers["openai-processing-ms"] = "7"
        if fault.kind == "truncated_json":
            content = content[: len(content) // 2]
        if fault.kind == "giant":
            content = b" " * fault.size
        if fault.kind != "cut_body":
            return web.Response(body=content, headers=headers)
        response = web.StreamResponse(headers={**headers, "content-length": str(len(content))})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        _drop(request, "close")
        return response

    async def _stream(
        self, request: web.Request, body: dict[str, Any], fault: Fault
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        if fault.kind == "error_event":
            await response.write(b"data: " + fault.body + b"\n\n")
            return response
        async for position, event in _numbered(events(body)):
            if position == 2 and fault.kind == "cut_stream":
                await response.write(event[: len(event) // 2])
                _drop(request, "close")
            if position == 2 and fault.kind == "stall_stream":
                await asyncio.sleep(3600)
            if event != DONE or fault.kind != "no_done":
                await response.write(event)
            await asyncio.sleep(self.event_gap_s)
        return response


def _drop(request: web.Request, how: str) -> None:
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)
    if how == "garbage":
        transport.write(b"\x00\x01 what is this\r\n\r\n")
    if how == "reset":
        transport.abort()
    else:
        transport.close()
    raise ConnectionResetError("the fake server dropped the connection")


async def _numbered(items: list[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    for number, item in enumerate(items):
        yield number, item


def completion(body: dict[str, Any]) -> dict[str, Any]:
    """A plain answer: a tool call if tools are given, text otherwise, `n` of them."""
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [
            {"index": i, "message": _message(body), "finish_reason": _finish(body)}
            for i in range(body.get("n") or 1)
        ],
        "usage": _USAGE,
        "x_unknown_field": {"kept": True},
    }


def events(body: dict[str, Any]) -> list[bytes]:
    """The events of a streamed answer."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}

    def event(choices: list[dict[str, Any]], **more: Any) -> bytes:
        data = json.dumps({**head, "choices": choices, **more}, ensure_ascii=False)
        return f"data: {data}\n\n".encode()

    said: list[bytes] = []
    for i in range(body.get("n") or 1):
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": token} for token in TEXT] if not _calls(body) else _CALL_DELTAS
        said += [event([{"index": i, "delta": d, "finish_reason": None}]) for d in deltas]
        said.append(event([{"index": i, "delta": {}, "finish_reason": _finish(body)}]))
    if (body.get("stream_options") or {}).get("include_usage"):
        said.append(event([], usage=_USAGE))
    return [*said, DONE]


_USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
_CALL = {"name": "get_weather", "arguments": '{"city":"Paris"}'}
_CALL_DELTAS: list[dict[str, Any]] = [
    {
        "tool_calls": [
            {"index": 0, "id": "call_1", "type": "function", "function": {**_CALL, "arguments": ""}}
        ]
    },
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '"Paris"}'}}]},
]


def _calls(body: dict[str, Any]) -> bool:
    return bool(body.get("tools")) and body["messages"][-1]["role"] != "tool"


def _finish(body: dict[str, Any]) -> str:
    return "tool_calls" if _calls(body) else "stop"


def _message(body: dict[str, Any]) -> dict[str, Any]:
    if not _calls(body):
        return {"role": "assistant", "content": "".join(TEXT)}
    call = {"id": "call_1", "type": "function", "function": _CALL}
    return {"role": "assistant", "content": None, "tool_calls": [call]}
