"""HTTP: one file per endpoint, and the one table of routes."""

from router.api.access import Access, Endpoint
from router.api.chat import chat_completions
from router.api.completions import completions
from router.api.embeddings import embeddings
from router.api.feedback import feedback
from router.api.health import healthz, readyz
from router.api.images import images
from router.api.messages import count_tokens, messages
from router.api.metrics import metrics
from router.api.models import list_models, one_model
from router.api.moderations import moderations
from router.api.reports import REPORTS
from router.api.rerank import rerank
from router.api.responses import responses
from router.api.route import route
from router.api.speech import speech

ROUTES: tuple[tuple[str, str, Endpoint, Access], ...] = (
    ("POST", "/v1/chat/completions", chat_completions, "call"),
    ("POST", "/v1/completions", completions, "call"),
    ("POST", "/v1/responses", responses, "call"),
    ("POST", "/v1/messages", messages, "call"),
    ("POST", "/v1/messages/count_tokens", count_tokens, "call"),
    ("POST", "/v1/embeddings", embeddings, "call"),
    ("POST", "/v1/moderations", moderations, "call"),
    ("POST", "/v1/rerank", rerank, "call"),
    ("POST", "/v1/images/generations", images, "call"),
    ("POST", "/v1/audio/speech", speech, "call"),
    ("POST", "/v1/route", route, "call"),
    ("POST", "/v1/feedback", feedback, "call"),
    ("GET", "/v1/models", list_models, "call"),
    ("GET", "/v1/models/{id:path}", one_model, "call"),
    ("GET", "/healthz", healthz, "open"),
    ("GET", "/readyz", readyz, "open"),
    ("GET", "/metrics", metrics, "metrics"),
    *REPORTS,
)
"""Method, path, endpoint, and what it asks of its caller. An open path is literal."""
