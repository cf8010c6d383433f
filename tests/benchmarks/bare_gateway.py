"""The floor: an endpoint of FastAPI, JSON in, the model renamed, aiohttp out, and nothing else.

uvicorn --factory tests.benchmarks.bare_gateway:app    with UPSTREAM in the environment
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse


def app() -> FastAPI:
    """The application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as app.state.session:
            yield

    made = FastAPI(lifespan=lifespan, openapi_url=None)
    made.post("/v1/chat/completions", response_model=None)(_chat)
    made.get("/healthz", response_model=None)(_healthz)
    return made


async def _healthz(request: Request) -> Response:
    return Response(b"ok")


async def _chat(request: Request) -> Response:
    body = msgspec.json.decode(await request.body())
    body["model"] = "mock"
    upstream = await request.app.state.session.post(
        os.environ["UPSTREAM"] + "/chat/completions",
        data=msgspec.json.encode(body),
        headers={"content-type": "application/json", "authorization": "Bearer sk-upstream"},
    )
    kind = upstream.headers["content-type"]
    if body.get("stream"):
        return StreamingResponse(upstream.content.iter_any(), upstream.status, media_type=kind)
    return Response(await upstream.read(), upstream.status, media_type=kind)
