"""POST /v1/embeddings: by the model's name, priced and recorded like everything else."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.generate import Form, generate
from router.dialects.embeddings_body import EmbeddingsBody

FORM = Form("embeddings", lambda content, request: EmbeddingsBody(content))


async def embeddings(request: Request) -> ASGIApp:
    """Answer from the model named, or from the same model elsewhere."""
    return await generate(request, FORM)
