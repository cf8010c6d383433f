"""The whole gateway in this process, on a policy file: real upstreams, real log, real metrics."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from starlette.types import ASGIApp

from router.app import create_app, running
from router.settings import Settings

KEY = "sk-upstream-canary-0123456789abcdef"


def policy(folder: Path, upstreams: dict[str, Any]) -> Path:
    """A policy file whose models are called as their upstreams; the first is the default's."""
    models = {
        name: {"upstream": name, "location": "cloud", "quality": 0.9, "capabilities": ["tools"]}
        for name in upstreams
    }
    strategy = {"kind": "best_quality"}
    content = {"name": "hostile", "upstreams": upstreams, "models": models}
    path = folder / "policy.yaml"
    # What is JSON is YAML.
    path.write_text(json.dumps({**content, "default": {"strategy": strategy}}), "utf-8")
    return path


@asynccontextmanager
async def whole_gateway(
    folder: Path, upstreams: dict[str, Any], **settings: Any
) -> AsyncIterator[ASGIApp]:
    """The application as `slm-router serve` makes it."""
    made = Settings(policy=policy(folder, upstreams), state_dir=folder / "state", **settings)
    async with running(made) as (runtime, _):
        yield create_app(runtime)


def caller(app: ASGIApp) -> httpx2.AsyncClient:
    """A client that reaches the application without a socket."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost", timeout=60)
