"""Decision: one of them in full, with what may be done with it; and how its answer did."""

from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.api.access import caller_of
from router.api.caller import body_of
from router.api.feedback import MOST_BYTES
from router.api.reports.decision import report
from router.api.state import runtime_of
from router.core.feedback import SCORES, WORDS, Feedback
from router.dashboard.rendering import HEADERS, page
from router.errors import InvalidRequest

MARKS = {
    "good_fit": "Right: a good answer from the right model",
    "overprovisioned": "Good, but a cheaper model would have done",
    "underpowered": "Not good enough: a better model was needed",
    "failed": "Of no use at all",
}
"""Word of feedback -> what its button says."""

_SILENT = (False, 0, "")
"""What most signals say of most requests."""


async def decision(request: Request) -> Response:
    """The page."""
    told = (await report(request)).content
    signals = sorted(told["signals"].items())
    shown = {
        "it": told,
        "marks": MARKS,
        "telling": [(name, value) for name, value in signals if value not in _SILENT],
        "silent": [name for name, value in signals if value in _SILENT],
    }
    return page(request, "decision.html", shown)


async def mark(request: Request) -> Response:
    """Keep what the reader says of an answer, as POST /v1/feedback would."""
    form = parse_qs((await body_of(request, MOST_BYTES)).decode("utf-8", "replace"))
    word = next((it for it in WORDS if it == form.get("word", [""])[0]), None)
    if word is None:
        raise InvalidRequest(f"Expected one of {', '.join(WORDS)}.", "word")
    gateway, caller, id = runtime_of(request).gateway, caller_of(request), request.path_params["id"]
    given = Feedback(id, "user", gateway.clock.now(), SCORES[word], word)
    # A key may speak of its own decisions alone, an admin's of all.
    own = None if caller is None or caller.may("admin") else caller.name
    await gateway.log.record_feedback(given, own)
    return RedirectResponse(f"/decisions/{quote(id)}", 303, HEADERS)
