"""POST /v1/rerank: by the model's name, recorded like everything else."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.generate import generate, named
from router.dialects.rerank import RERANK

FORM = named(RERANK)


async def rerank(request: Request) -> ASGIApp:
    """Documents in order from the model named, or from the same model elsewhere."""
    return await generate(request, FORM)
