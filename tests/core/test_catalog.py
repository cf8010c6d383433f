"""Model cards and catalogs, as read from a file."""

from typing import Any

import pytest
from pydantic import ValidationError

from router.core.catalog import Catalog, ModelCard, Price
from tests.core.made import card, catalog, per_token, read


def test_a_bare_number_is_the_overall_quality() -> None:
    assert card(quality=0.7).quality == card(quality={"overall": 0.7}).quality


def test_a_quality_may_be_given_by_domain_and_task() -> None:
    quality = card(
        quality={"overall": 0.7, "domains": {"law": 0.9}, "tasks": {"code": 0.4}}
    ).quality

    assert (quality.overall, quality.domains["law"], quality.tasks["code"]) == (0.7, 0.9, 0.4)


@pytest.mark.parametrize("quality", [1.2, -0.1, True, "0.7", {"domains": {}}, None])
def test_a_quality_that_is_no_probability_is_refused(quality: Any) -> None:
    with pytest.raises(ValidationError):
        card(quality=quality)


def test_the_window_of_a_card_that_names_none_is_a_cautious_one() -> None:
    assert card().window == 8_192
    assert card(context_window=128_000).window == 128_000


@pytest.mark.parametrize("key", ["context_window", "max_output_tokens", "expected_output_tokens"])
@pytest.mark.parametrize("count", [0, -1, 1.5, "8k"])
def test_a_count_is_a_whole_number_above_nothing(key: str, count: Any) -> None:
    with pytest.raises(ValidationError):
        card(**{key: count})


@pytest.mark.parametrize("price", [{"usd_per_hour": 0.9}, per_token(0.5), per_token(0)])
def test_a_price_is_per_token_or_per_hour(price: dict[str, float]) -> None:
    read(Price, price)


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({}, "together, or usd_per_hour"),
        ({"input_usd_per_mtok": 1}, "together, or usd_per_hour"),
        ({"output_usd_per_mtok": 1}, "together, or usd_per_hour"),
        ({**per_token(1), "usd_per_hour": 1}, "either usd_per_hour or prices per million tokens"),
        ({"cached_input_usd_per_mtok": 1, "usd_per_hour": 1}, "either usd_per_hour"),
        ({"usd_per_hour": 0}, "greater than 0"),
        (per_token(-1), "greater than or equal to 0"),
    ],
)
def test_a_price_of_no_form_or_of_both_is_refused(price: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        read(Price, price)


def test_an_infinite_price_is_refused() -> None:
    with pytest.raises(ValidationError, match="finite"):
        Price(usd_per_hour=float("inf"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"location": "remote"},
        {"capabilities": ["telepathy"]},
        {"contxt_window": 4096},
        {"latency": {"first_token": 0.2}},
    ],
)
def test_a_card_with_a_word_nobody_knows_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        card(**wrong)


def test_a_card_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        card().location = "cloud"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("upstream", "kind"),
    [
        ({"kind": "openai_http", "base_url": "http://127.0.0.1:11434/v1"}, "openai_http"),
        (
            {"kind": "litellm", "provider": "anthropic", "api_key_env": "ANTHROPIC_API_KEY"},
            "litellm",
        ),
        ({"kind": "simulated", "first_token": "20ms", "failing_share": 0.1}, "simulated"),
    ],
)
def test_an_upstream_is_read_by_its_kind(upstream: dict[str, Any], kind: str) -> None:
    known = read(Catalog, {"upstreams": {"there": upstream}, "models": {}})

    assert known.upstreams["there"].kind == kind


@pytest.mark.parametrize(
    "upstream",
    [
        {"kind": "openai_http", "base_url": "localhost:11434"},
        {"kind": "openai_http"},
        {"kind": "grpc", "base_url": "http://127.0.0.1"},
        {"kind": "simulated", "api_key": "sk-1"},
    ],
)
def test_an_upstream_nobody_could_reach_is_refused(upstream: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(Catalog, {"upstreams": {"there": upstream}, "models": {}})


def test_a_catalog_is_simulated_when_nothing_else_would_answer() -> None:
    real = {"kind": "openai_http", "base_url": "http://127.0.0.1:1/v1"}
    mixed = read(
        Catalog,
        {
            "upstreams": {"here": {"kind": "simulated"}, "there": real},
            "models": {"large": card(upstream="there").model_dump(exclude={"latency"})},
        },
    )

    assert catalog(small=card()).is_simulated
    assert not mixed.is_simulated


def test_the_upstream_of_a_model_nobody_listed_is_a_key_error() -> None:
    known = catalog(small=card())

    assert known.upstream_of("small").kind == "simulated"
    with pytest.raises(KeyError):
        known.upstream_of("large")


def test_a_card_read_twice_is_the_same_value() -> None:
    assert card() == card()
    assert isinstance(card(), ModelCard)


@pytest.mark.parametrize("name", ["", "auto", "auto:best", "two\nlines", " padded", "m" * 257])
def test_a_name_that_nobody_could_ask_for_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        catalog(**{name: card()})
