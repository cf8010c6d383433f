"""GET /v1/models and /v1/models/{id}: what may stand in the field `model`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from router.api.state import runtime_of
from router.core.catalog import AUTO, Endpoint, ModelCard
from router.errors import UnknownModel
from router.runtime import Runtime


async def list_models(request: Request) -> JSONResponse:
    """Everything that may be asked for: auto, each policy, each model of the catalog."""
    data = list(_entries(runtime_of(request)).values())
    # Anthropic's clients read these of a list; there is always but one page.
    page = {"has_more": False, "first_id": data[0]["id"], "last_id": data[-1]["id"]}
    return JSONResponse({"object": "list", "data": data, **page})


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
    catalog = gateway.default.catalog
    return routed | {
        name: _card_entry(name, card, catalog.speaks(name), created)
        for name, card in catalog.models.items()
    }


def _entry(name: str, owner: str, created: int) -> dict[str, Any]:
    """OpenAI's fields, then Anthropic's."""
    at = datetime.fromtimestamp(created, UTC).isoformat()
    return {
        "id": name,
        "object": "model",
        "created": created,
        "owned_by": owner,
        "type": "model",
        "display_name": name,
        "created_at": at,
    }


def _card_entry(
    name: str, card: ModelCard, speaks: Sequence[Endpoint], created: int
) -> dict[str, Any]:
    """The usual fields, and beside them what a chooser of models wants to know."""
    return _entry(name, card.upstream, created) | {
        "slm_router": {
            "endpoints": list(speaks),
            "location": card.location,
            "context_window": card.window,
            "capabilities": list(card.capabilities or ()),
            "price": card.price.model_dump(exclude_none=True) if card.price else None,
            "quality": card.quality.overall,
        }
    }
