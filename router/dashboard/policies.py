"""Policies: in plain words, as written and edited, and what each version saved."""

from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from router.api.caller import body_of
from router.api.reports.period import PERIODS
from router.api.reports.policies import MOST_BYTES, report, validated
from router.dashboard.rendering import page
from router.errors import InvalidRequest


async def policies(request: Request) -> Response:
    """The page, with one policy open: `policy` in the address, else the default."""
    return page(request, "policies.html", await _shown(request, request.query_params.get("policy")))


async def check(request: Request) -> Response:
    """The page again, with what an edit of the policy's file would be."""
    form = parse_qs((await body_of(request, 4 * MOST_BYTES)).decode("utf-8", "replace"))
    name, text = form.get("policy", [""])[0], form.get("text", [""])[0]
    verdict = (await validated(request, {"policy": name, "text": text})).content
    lines = text.replace("\r\n", "\n").split("\n")
    wrong = {problem["line"] for problem in verdict["problems"]}
    shown = {
        **await _shown(request, name),
        "text": text,
        "verdict": verdict,
        "lines": [(at, line, at in wrong) for at, line in enumerate(lines, 1)] if wrong else (),
    }
    return page(request, "policies.html", shown, 200 if verdict["ok"] else 422)


async def _shown(request: Request, name: str | None) -> dict[str, Any]:
    content = (await report(request)).content
    found = {it["policy"]: it for it in content["policies"]}
    if name is not None and name not in found:
        raise InvalidRequest(f"Expected one of {', '.join(found)}.", "policy")
    it = found[name or content["default"]]
    return {
        "report": content,
        "it": it,
        "periods": PERIODS,
        "text": it["text"],
        "verdict": None,
        "lines": (),
    }
