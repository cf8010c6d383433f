"""POST /v1/feedback: how well the answer to a decision did.

    {"decision": "dec_...", "score": 0.8}
    {"decision": "dec_...", "word": "underpowered", "source": "judge"}

Rule: every field is known and none takes free text, so that no prompt gets in this way.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router.answer import UNREADABLE
from router.api.access import caller_of
from router.api.caller import body_of
from router.api.state import runtime_of
from router.core.feedback import SCORES, SOURCES, WORDS, Feedback
from router.errors import InvalidRequest

FIELDS = ("decision", "score", "word", "source")
MOST_BYTES = 4096


async def feedback(request: Request) -> Response:
    """Keep one source's feedback on one decision; sent again it takes the place of the first.

    A key may speak of its own decisions alone, an admin's of all.
    """
    gateway = runtime_of(request).gateway
    given = read(await body_of(request, MOST_BYTES), gateway.clock.now())
    await gateway.log.record_feedback(given, _key_of(request))
    told = {"object": "feedback", **asdict(given), "cheaper_would_do": given.cheaper_would_do}
    return Response(msgspec.json.encode(told), 200, media_type="application/json")


def _key_of(request: Request) -> str | None:
    """The name of the key whose decisions the caller may speak of; None for any."""
    caller = caller_of(request)
    return None if caller is None or caller.may("admin") else caller.name


def read(content: bytes, at: float) -> Feedback:
    """The feedback in a body, given at `at` (Unix seconds). Raises InvalidRequest."""
    try:
        body = msgspec.json.decode(content)
    except UNREADABLE as error:
        raise InvalidRequest(f"The body must be a JSON object: {error}.") from None
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.")
    for name in body:
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            raise InvalidRequest(f"No such field; known are {known}.", name[:64])
    decision = body.get("decision")
    if not isinstance(decision, str) or not decision:
        words = "Expected the id of a decision, as in x-slm-router-decision."
        raise InvalidRequest(words, "decision")
    source: Any = _one_of("source", body.get("source", "user"), SOURCES)
    return Feedback(decision, source, at, *_score(body))


def _score(body: Mapping[str, Any]) -> tuple[float, Any]:
    """The score, and the word that it was given as."""
    score, word = body.get("score"), body.get("word")
    if word is None:
        return _share(score), None
    if score is not None:
        raise InvalidRequest("Expected either score or word, not both.", "word")
    known: Any = _one_of("word", word, WORDS)
    return SCORES[known], known


def _share(score: Any) -> float:
    # True is a number to Python, and a mistake here.
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        words = ", ".join(WORDS)
        raise InvalidRequest(f"Expected a number from 0 to 1, or a word of {words}.", "score")
    return float(score)


def _one_of(name: str, value: Any, known: Collection[str]) -> str:
    if not isinstance(value, str) or value not in known:
        raise InvalidRequest(f"Expected one of {', '.join(known)}.", name)
    return value
