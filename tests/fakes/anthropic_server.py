"""FakeAnthropicServer: Anthropic's messages API on loopback, plain, streamed and with tools."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Self

from aiohttp import web

TEXT = ("Hel", "lo", " wörld", "!")
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
USAGE = {"input_tokens": 11, "output_tokens": 5}


class FakeAnthropicServer:
    """Use as `async with FakeAnthropicServer() as server`.

    `status` other than 200 is answered with an error of Anthropic's form. With `cut` a stream
    breaks off midway, with `stall` it falls silent there, with `hang` no answer begins.
    `departure` is set by the first caller that leaves before the end.
    """

    def __init__(self) -> None:
        self.status = 200
        self.error_headers: Mapping[str, str] = {}
        self.error_message = "fake fault"
        self.hang = self.cut = self.stall = False
        self.received: list[Any] = []
        self.headers: list[Mapping[str, str]] = []
        self.departure = asyncio.Event()
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """Where litellm finds the API; it appends `/v1/messages`."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/messages", self._messages)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.received.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        try:
            if self.hang:
                await asyncio.sleep(3600)
            if self.status != 200:
                kind = ERROR_TYPES.get(self.status, "api_error")
                error = {"type": kind, "message": self.error_message}
                told = {"type": "error", "error": error}
                return web.json_response(told, status=self.status, headers=self.error_headers)
            if body.get("stream"):
                return await self._stream(request, body)
            return web.json_response(_message(body))
        except (asyncio.CancelledError, ConnectionResetError):
            self.departure.set()
            raise

    async def _stream(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for position, event in enumerate(_events(body)):
            if position == 4 and self.cut:
                assert request.transport is not None
                request.transport.close()
                return response
            if position == 4 and self.stall:
                await asyncio.sleep(3600)
            data = json.dumps(event, ensure_ascii=False)
            await response.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
        return response


def _calls(body: dict[str, Any]) -> bool:
    """Tools are given, and their result has not come back yet."""
    last = body["messages"][-1]["content"]
    answered = isinstance(last, list) and any(part["type"] == "tool_result" for part in last)
    return bool(body.get("tools")) and not answered


def _message(body: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"type": "text", "text": "".join(TEXT)}
    if _calls(body):
        given = {"city": "Paris", "days": 1}
        content = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": given}
    return {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [content],
        "stop_reason": "tool_use" if _calls(body) else "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    }


def _events(body: dict[str, Any]) -> list[dict[str, Any]]:
    message = _message(body)
    (block,) = message["content"]
    if block["type"] == "text":
        deltas = [{"type": "text_delta", "text": token} for token in TEXT]
        block = {**block, "text": ""}
    else:
        halves = ('{"city": "Paris"', ', "days": 1}')
        deltas = [{"type": "input_json_delta", "partial_json": half} for half in halves]
        block = {**block, "input": {}}
    opened = {**message, "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}
    stopped = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    return [
        {"type": "message_start", "message": opened},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stopped, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]
