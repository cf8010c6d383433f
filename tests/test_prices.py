"""The bundled price catalogue: what is taken from it, and what never is."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from router.core.catalog import Catalog, ModelCard, Price, UpstreamSpec
from router.prices import PriceList, bundled

ENTRIES: dict[str, Any] = {
    "sample_spec": {"mode": "one of: chat", "max_input_tokens": "as the provider says"},
    "big": {
        "mode": "chat",
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1.25e-06,
        "max_input_tokens": 128000,
        "max_output_tokens": 16384,
        "supports_function_calling": True,
        "supports_vision": True,
        "supports_response_schema": True,
        "supports_audio_input": True,
        "supports_pdf_input": True,
    },
    "groq/big": {"mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06},
    "anthropic/big": {
        "mode": "chat",
        "input_cost_per_token": 3e-06,
        "output_cost_per_token": 3e-06,
    },
    "free": {"mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0},
    "odd": {"mode": "chat", "input_cost_per_token": "much", "max_input_tokens": "many"},
    "ollama/llama3.1": {
        "mode": "chat",
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 1e-06,
        "max_input_tokens": 8192,
        "supports_function_calling": True,
    },
    "embedder": {"mode": "embedding", "input_cost_per_token": 1e-08, "output_cost_per_token": 0},
    "slip": {"mode": "chat", "input_cost_per_token": 1.0, "output_cost_per_token": 1.0},
    "ranker": {"mode": "rerank", "input_cost_per_token": 1e-08, "output_cost_per_token": 0},
    "by step": {
        "mode": "image_generation",
        "input_cost_per_token": 1e-10,
        "output_cost_per_token": 1e-10,
    },
    "painter": {
        "mode": "image_generation",
        "input_cost_per_token": 5e-06,
        "output_cost_per_image_token": 3e-05,
    },
}


@pytest.fixture
def prices(tmp_path: Path) -> PriceList:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(ENTRIES))
    return PriceList(file)


def card(**given: Any) -> ModelCard:
    return ModelCard.model_validate_json(
        json.dumps({"upstream": "x", "location": "cloud", "quality": 0.5, **given})
    )


def upstream(**given: Any) -> UpstreamSpec:
    spec = given or {"kind": "openai_http", "base_url": "https://api.openai.com/v1"}
    catalog = Catalog.model_validate_json(json.dumps({"upstreams": {"x": spec}, "models": {}}))
    return catalog.upstreams["x"]


def dollars(price: Price | None) -> float | None:
    return None if price is None else price.input_usd_per_mtok


def test_what_a_card_leaves_out_is_filled_in(prices: PriceList) -> None:
    found = prices.resolve("big", card(), upstream())
    assert found.price == Price(
        input_usd_per_mtok=2.5, output_usd_per_mtok=10.0, cached_input_usd_per_mtok=1.25
    )
    assert (found.context_window, found.max_output_tokens) == (128000, 16384)
    assert found.capabilities == ("tools", "vision", "json_schema", "audio", "files")


def test_what_a_card_says_itself_stands(prices: PriceList) -> None:
    own = card(
        price={"input_usd_per_mtok": 1, "output_usd_per_mtok": 1},
        context_window=1000,
        capabilities=[],
    )
    found = prices.resolve("big", own, upstream())
    assert found == own.model_copy(update={"max_output_tokens": 16384})


@pytest.mark.parametrize(
    ("name", "given", "spec", "expected"),
    [
        ("big", {}, {}, 2.5),
        ("mine", {"upstream_model": "big"}, {}, 2.5),
        ("mine", {"upstream_model": "alias", "catalogue_name": "big"}, {}, 2.5),
        ("big", {"catalogue_name": "groq/big"}, {}, 1.0),
        ("big", {"catalogue_name": "nowhere"}, {}, None),
        ("big", {}, {"kind": "litellm", "provider": "anthropic"}, 3.0),
        ("big", {}, {"kind": "litellm", "provider": "someone"}, 2.5),
        ("big", {}, {"kind": "openai_http", "base_url": "https://api.groq.com/openai/v1"}, 1.0),
        ("big", {}, {"kind": "simulated"}, None),
        ("nobody", {}, {}, None),
        ("embedder", {"speaks": ["embeddings"]}, {}, 0.01),
        ("embedder", {}, {}, None),
        ("big", {"speaks": ["embeddings"]}, {}, None),
        ("ranker", {"speaks": ["rerank"]}, {}, None),
        ("by step", {"speaks": ["images"]}, {}, None),
        ("sample_spec", {}, {}, None),
        ("slip", {}, {}, None),
        ("odd", {}, {}, None),
    ],
)
def test_a_model_is_found_by_its_most_explicit_name(
    prices: PriceList,
    name: str,
    given: dict[str, Any],
    spec: dict[str, Any],
    expected: float | None,
) -> None:
    assert dollars(prices.resolve(name, card(**given), upstream(**spec)).price) == expected


def test_a_model_that_draws_and_writes_nothing_has_the_price_of_its_pictures(
    prices: PriceList,
) -> None:
    found = prices.resolve("painter", card(speaks=["images"]), upstream()).price

    assert found is not None
    assert (found.output_usd_per_mtok, found.output_image_usd_per_mtok) == (30.0, 30.0)


def test_a_model_listed_without_a_price_is_not_free(prices: PriceList) -> None:
    assert prices.resolve("free", card(), upstream()).price is None


def test_a_local_model_takes_window_and_capabilities_but_never_a_price(prices: PriceList) -> None:
    found = prices.resolve("llama3.1", card(location="local"), upstream())
    assert (found.price, found.context_window, found.capabilities) == (None, 8192, ("tools",))


def test_without_a_catalogue_nothing_is_known_and_nothing_fails(tmp_path: Path) -> None:
    absent = PriceList(tmp_path / "absent.json")
    assert (absent.id, absent.find("big")) == ("", None)
    assert PriceList(None).resolve("big", card(), upstream()) == card()


def test_the_id_changes_with_the_catalogue(prices: PriceList, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    assert len(prices.id) == 12
    assert prices.id != PriceList(other).id


def test_the_bundled_catalogue_knows_current_models() -> None:
    found = bundled().find("gpt-4o-mini")
    assert found is not None
    assert found.price is not None
    assert "tools" in found.capabilities
    assert found.context_window is not None
    assert found.context_window >= 100_000


def test_reading_it_imports_neither_litellm_nor_an_http_client() -> None:
    code = (
        "import sys; from router.prices import bundled; assert bundled().find('gpt-4o');"
        "print([m for m in ('litellm', 'httpx', 'aiohttp', 'openai') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
