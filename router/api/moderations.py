"""POST /v1/moderations: by the model's name, recorded like everything else."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.generate import generate, named
from router.dialects.moderations import MODERATIONS

FORM = named(MODERATIONS)


async def moderations(request: Request) -> ASGIApp:
    """Scores from the model named, or from the same model elsewhere."""
    return await generate(request, FORM)
