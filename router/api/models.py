"""GET /v1/models and /v1/models/{id}: what may stand in the field `model`."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from router.api.state import runtime_of
from router.core.catalog import AUTO, ModelCard
from router.errors import UnknownModel
from router.runtime import Runtime


async def list_models(request: Request) -> JSONResponse:
    """Everything that may be asked for: auto, each policy, each model of the catalog."""
    return JSONResponse({"object": "list", "data": list(_entries(runtime_of(request)).values())})


async def one_model(request: Request) -> JSONResponse:
    """One of them. Raises UnknownModel."""
    name = request.path_params["id"]
    entry = _entries(runtime_of(request)).get(name)
    if entry is None:
        raise UnknownModel(f"The model {name!r} does not exist.", "model")
    return JSONResponse(entry)


def _entries(runtime: Runtime) -> dict[str, dict[str, Any]]:
    gateway, created = runtime.gateway, int(runtime.started)
    names = [AUTO, *(f"{AUTO}:{policy}" for policy in gateway.policies)]
    routed = {name: _entry(name, "slm-router", created) for name in names}
    cards = gateway.default.catalog.models
    return routed | {name: _card_entry(name, card, created) for name, card in cards.items()}


def _entry(name: str, owner: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def _card_entry(name: str, card: ModelCard, created: int) -> dict[str, Any]:
    """OpenAI's fields, and beside them what a chooser of models wants to know."""
    return _entry(name, card.upstream, created) | {
        "slm_router": {
            "location": card.location,
            "context_window": card.window,
            "capabilities": list(card.capabilities or ()),
            "price": card.price.model_dump(exclude_none=True) if card.price else None,
            "quality": card.quality.overall,
        }
    }
