"""POST /v1/audio/speech: by the model's name, as the sound arrives."""

from starlette.requests import Request
from starlette.types import ASGIApp

from router.api.generate import generate, named
from router.dialects.speech import SPEECH

FORM = named(SPEECH)


async def speech(request: Request) -> ASGIApp:
    """Sound from the model named, or from the same model elsewhere."""
    return await generate(request, FORM)
