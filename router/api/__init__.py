"""HTTP: one file per endpoint, and the one table of routes."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from router.api.chat import chat_completions
from router.api.completions import completions
from router.api.embeddings import embeddings
from router.api.health import healthz, readyz
from router.api.messages import count_tokens, messages
from router.api.metrics import metrics
from router.api.models import list_models, one_model
from router.api.responses import responses
from router.api.route import route

Endpoint = Callable[[Request], Awaitable[Response]]

ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("POST", "/v1/chat/completions", chat_completions),
    ("POST", "/v1/completions", completions),
    ("POST", "/v1/embeddings", embeddings),
    ("POST", "/v1/responses", responses),
    ("POST", "/v1/messages", messages),
    ("POST", "/v1/messages/count_tokens", count_tokens),
    ("POST", "/v1/route", route),
    ("GET", "/v1/models", list_models),
    ("GET", "/v1/models/{id:path}", one_model),
    ("GET", "/healthz", healthz),
    ("GET", "/readyz", readyz),
    ("GET", "/metrics", metrics),
)
