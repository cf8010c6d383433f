"""providers: every model of the table is in litellm's bundled catalogue, priced and current."""

import json
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from router.core.catalog import Catalog, ModelCard
from router.prices import FILE, bundled
from router.upstreams.providers import PROVIDERS, CloudModel, NamedModel, Provider, with_keys

CASES = [(p, m) for p in PROVIDERS for m in (p.small, p.large)]
NAMED = [(p, m) for p in PROVIDERS for m in p.named]


def entry_of(provider: Provider, model: CloudModel | NamedModel) -> dict[str, Any]:
    path = Path(str(distribution("litellm").locate_file(FILE)))
    catalogue: dict[str, dict[str, Any]] = json.loads(path.read_text())
    return catalogue.get(f"{provider.name}/{model.name}") or catalogue[model.name]


def resolved(provider: Provider, model: CloudModel | NamedModel) -> tuple[ModelCard, Catalog]:
    """A model's card with what the bundled catalogue knows of it, and the catalog it is in."""
    catalog = Catalog.model_validate(
        {
            "upstreams": {provider.name: provider.upstream()},
            "models": {model.name: model.card(provider.name)},
        }
    )
    card = catalog.models[model.name]
    return bundled().resolve(model.name, card, catalog.upstream_of(model.name)), catalog


@pytest.mark.parametrize(("provider", "model"), CASES)
def test_a_model_is_in_the_catalogue_with_price_window_and_tools(
    provider: Provider, model: CloudModel
) -> None:
    card, _ = resolved(provider, model)
    assert card.price is not None
    assert card.context_window is not None
    assert "tools" in (card.capabilities or ())


@pytest.mark.parametrize(("provider", "model"), NAMED)
def test_a_model_that_is_asked_by_name_is_in_the_catalogue_and_has_a_price(
    provider: Provider, model: NamedModel
) -> None:
    card, catalog = resolved(provider, model)
    assert card.price is not None
    assert (card.price.input_usd_per_mtok == 0) == model.free
    assert not catalog.converses(model.name)


@pytest.mark.parametrize(("provider", "model"), [*CASES, *NAMED])
def test_a_model_is_of_the_provider_it_is_listed_under_and_is_not_being_withdrawn(
    provider: Provider, model: CloudModel | NamedModel
) -> None:
    entry = entry_of(provider, model)
    assert entry["litellm_provider"] == provider.name
    assert "deprecation_date" not in entry


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_small_model_costs_less_and_promises_less(provider: Provider) -> None:
    small, large = (entry_of(provider, m) for m in (provider.small, provider.large))
    assert small["output_cost_per_token"] < large["output_cost_per_token"]
    assert provider.small.quality < provider.large.quality


def test_a_blank_key_is_no_key() -> None:
    assert with_keys({"OPENAI_API_KEY": "  "}) == ()
