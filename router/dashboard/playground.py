"""Playground: one request under two policies side by side, decided only, or answered too."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router.answer import UNREADABLE
from router.api.access import caller_of
from router.api.caller import body_of
from router.api.reports.playground import report
from router.api.state import runtime_of
from router.dashboard.rendering import page
from router.errors import InvalidRequest, RouterError

NONE = "none"
"""In place of a second policy."""


async def playground(request: Request) -> Response:
    """The form, with the request of a logged decision in it where that was stored."""
    given = await _of_decision(request, request.query_params.get("decision", ""))
    wanted = request.query_params.getlist("policy")
    return page(request, "playground.html", _form(request, given, wanted))


async def play(request: Request) -> Response:
    """The form again, with what came of it. A prompt stands in no address: this is a POST."""
    most = runtime_of(request).settings.max_body_bytes
    form = parse_qs((await body_of(request, most)).decode("utf-8", "replace"))
    asked, policies = form.get("asked", [""])[0], form.get("policy", [])
    shown = _form(request, asked, policies)
    named = [name for name in policies if name != NONE]
    run = form.get("do", [""])[0] == "run"
    try:
        told = await report(request, {**_read(asked), "policies": named or None, "run": run})
    except RouterError as error:
        field = getattr(error, "param", None)
        shown["error"] = f"{field}: {error}" if field else str(error)
        return page(request, "playground.html", shown, 400)
    return page(request, "playground.html", {**shown, "told": told.content})


def _form(request: Request, asked: str, policies: list[str]) -> dict[str, Any]:
    gateway = runtime_of(request).gateway
    known = [gateway.default_policy, *sorted(set(gateway.policies) - {gateway.default_policy})]
    chosen = [name for name in policies if name in known or name == NONE]
    others = [name for name in known if name not in chosen]
    chosen += (others if chosen else known)[: 2 - len(chosen)] or [NONE]
    return {
        "asked": asked,
        "policies": known,
        "chosen": (*chosen, NONE)[:2],
        "no_other": NONE,
        "error": None,
        "told": None,
    }


def _read(asked: str) -> Mapping[str, Any]:
    """What was written: a JSON list of messages, a whole chat completion, or else a prompt."""
    text = asked.strip()
    if not text.startswith(("[", "{")):
        return {"prompt": asked}
    try:
        found = msgspec.json.decode(text)
    except UNREADABLE as error:
        if text.startswith("{") and '"messages"' in text:
            raise InvalidRequest(f"Expected JSON: {error}.", "messages") from None
        return {"prompt": asked}
    if isinstance(found, dict) and "messages" in found:
        return found
    is_messages = isinstance(found, list) and all(isinstance(one, dict) for one in found)
    return {"messages": found} if is_messages and found else {"prompt": asked}


async def _of_decision(request: Request, id: str) -> str:
    """The stored request of a decision, for those who may read it."""
    caller = caller_of(request)
    if not id or caller is None or not caller.may("admin"):
        return ""
    row = await asyncio.to_thread(runtime_of(request).decisions.find, id)
    return str((row or {}).get("request_content") or "")
