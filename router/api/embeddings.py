"""POST /v1/embeddings: by the model's name, priced and recorded like everything else."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.generate import generate, named
from router.dialects.embeddings import EMBEDDINGS

FORM = named(EMBEDDINGS)


async def embeddings(request: Request) -> ASGIApp:
    """Answer from the model named, or from the same model elsewhere."""
    return await generate(request, FORM)
