"""The gateway's own OpenAPI document: every route, what it takes and what it gives.

It is generated into `docs/openapi.json` and served nowhere. Bodies are described as far as the
gateway reads them; what else stands in them is between the caller and the upstream.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from router import __version__
from router.api.reports.parameters import PARAMETERS, TABLES
from router.core.feedback import SOURCES, WORDS

Schema = Mapping[str, Any]

_TEXT: Schema = {"type": "string"}
_MODEL: Schema = {"type": "string", "minLength": 1, "maxLength": 256}
_STREAM: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 1}
_TOKENS: Schema = {"type": "array", "items": {"type": "integer"}, "minItems": 1}
_INPUTS: Schema = {
    "anyOf": [
        _TEXT,
        {"type": "array", "items": _TEXT, "minItems": 1},
        _TOKENS,
        {"type": "array", "items": _TOKENS, "minItems": 1},
    ]
}
_PART: Schema = {"type": "object", "properties": {"type": _TEXT}, "required": ["type"]}
_CONTENT: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _PART}]}
_MESSAGE: Schema = {
    "type": "object",
    "properties": {"role": _TEXT, "content": _CONTENT},
    "required": ["role", "content"],
}
_MESSAGES: Schema = {"type": "array", "items": _MESSAGE, "minItems": 1}
_TOOLS: Schema = {"type": "array", "items": {"type": "object"}}
_ITEMS: Schema = {"anyOf": [_TEXT, _MESSAGES]}
_SAID: Schema = {"type": "string", "minLength": 1}
_OBJECT: Schema = {"type": "object", "minProperties": 1}
_DOCUMENTS: Schema = {"type": "array", "items": {"anyOf": [_TEXT, _OBJECT]}, "minItems": 1}


def _body(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    properties = {"model": _MODEL, **required, **optional}
    return {"type": "object", "properties": properties, "required": ["model", *required]}


_CHAT = _body(
    {"messages": _MESSAGES}, stream=_STREAM, tools=_TOOLS, n=_COUNT, max_completion_tokens=_COUNT
)
BODIES: Mapping[str, Schema] = {
    "/v1/chat/completions": _CHAT,
    "/v1/completions": _body({"prompt": _INPUTS}, stream=_STREAM, max_tokens=_COUNT),
    "/v1/embeddings": _body({"input": _INPUTS}, dimensions=_COUNT),
    "/v1/moderations": {
        **_body({"input": {"anyOf": [_SAID, _DOCUMENTS]}}),
        "required": ["input"],
    },
    "/v1/rerank": _body({"query": {"anyOf": [_TEXT, _OBJECT]}, "documents": _DOCUMENTS}),
    "/v1/images/generations": _body({"prompt": _SAID}, stream=_STREAM, n=_COUNT),
    "/v1/audio/speech": _body({"input": _SAID}, voice={}, stream_format=_TEXT),
    "/v1/responses": _body({"input": _ITEMS}, stream=_STREAM, tools=_TOOLS, instructions=_TEXT),
    "/v1/messages": _body(
        {"messages": _MESSAGES, "max_tokens": _COUNT}, stream=_STREAM, tools=_TOOLS, system=_CONTENT
    ),
    "/v1/messages/count_tokens": _body({"messages": _MESSAGES}, tools=_TOOLS, system=_CONTENT),
    "/v1/route": _CHAT,
    "/v1/feedback": {
        "type": "object",
        "properties": {
            "decision": {"type": "string", "minLength": 1},
            "score": {"type": "number", "minimum": 0, "maximum": 1},
            "word": {"enum": list(WORDS)},
            "source": {"enum": list(SOURCES)},
        },
        "required": ["decision"],
        "additionalProperties": False,
    },
    "/api/v1/playground": {
        "type": "object",
        "properties": {
            "prompt": {"type": "string", "minLength": 1},
            "messages": _MESSAGES,
            "policies": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 4},
            "run": {"type": "boolean"},
        },
    },
    "/api/v1/policies/validate": {
        "type": "object",
        "properties": {"policy": _TEXT, "text": _TEXT},
        "required": ["policy", "text"],
    },
    "/api/v1/demo": {"type": "object", "properties": {"confirm": {"type": "boolean"}}},
}
"""What each POST route takes. A route that is missing here fails the document's test."""

STREAMED = frozenset(
    {
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/messages",
        "/v1/images/generations",
        "/v1/audio/speech",
    }
)
TEXTS = frozenset({"/metrics"})
SOUNDS = frozenset({"/v1/audio/speech"})
ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"message": _TEXT, "type": _TEXT},
            "required": ["message", "type"],
        }
    },
    "required": ["error"],
}
"""What OpenAI's and Anthropic's forms of error have in common."""


def document(routes: Iterable[tuple[str, str]]) -> bytes:
    """The document over routes, each a method and a path. Raises KeyError for an unknown POST."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path in routes:
        shown = path.replace(":path}", "}")
        paths.setdefault(shown, {})[method.lower()] = _operation(method, path)
    told = {
        "openapi": "3.1.0",
        "info": {"title": "slm-router", "version": __version__},
        "paths": paths,
        "components": {"schemas": {"Error": ERROR}},
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def _operation(method: str, path: str) -> dict[str, Any]:
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    told: dict[str, Any] = {
        "operationId": f"{method.lower()}{path.split('{')[0].replace('/', '_').rstrip('_')}",
        "responses": {
            "200": {"description": "The answer.", "content": _answered(path)},
            "4XX": {"description": "The request cannot be served.", "content": refused},
            "5XX": {"description": "The gateway or an upstream failed.", "content": refused},
        },
    }
    parameters = list(PARAMETERS.get(path, ()))
    if "{id" in path:
        told["operationId"] += "_id"
        place = {"name": "id", "in": "path", "required": True, "schema": _MODEL}
        parameters.insert(0, place)
    if parameters:
        told["parameters"] = parameters
    if method == "POST":
        content = {"application/json": {"schema": BODIES[path]}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _answered(path: str) -> dict[str, Any]:
    if path in TEXTS:
        return {"text/plain": {"schema": _TEXT}}
    answered: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    if path in SOUNDS:
        answered = {"audio/*": {}}
    tabled: dict[str, Any] = {"text/csv": {"schema": _TEXT}} if path in TABLES else {}
    return answered | tabled | ({"text/event-stream": {}} if path in STREAMED else {})
