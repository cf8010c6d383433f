"""POST /v1/images/generations: by the model's name, whole or streamed."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.generate import generate, named
from router.dialects.images import IMAGES

FORM = named(IMAGES)


async def images(request: Request) -> ASGIApp:
    """Pictures from the model named, or from the same model elsewhere."""
    return await generate(request, FORM)
