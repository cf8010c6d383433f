"""Energy: what we reckon from EcoLogits' data is what EcoLogits reckons, without importing it."""

import subprocess
import sys

import pytest
from ecologits.tracers.utils import llm_impacts

from router.core.catalog import ModelCard, OpenAIHTTPSpec, SimulatedSpec
from router.core.energy import EnergyRate, Footprint, footprint
from router.energy import published, resolve_energy

OPENAI = OpenAIHTTPSpec(kind="openai_http", base_url="https://api.example.com/v1")


def card(**fields: object) -> ModelCard:
    return ModelCard.model_validate(
        {"upstream": "far", "location": "cloud", "quality": 0.9, **fields}, strict=False
    )


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o-mini"),
        ("openai", "gpt-4o"),
        ("anthropic", "claude-sonnet-4-5"),
        ("anthropic", "claude-haiku-4-5-20251001"),
        ("mistralai", "mistral-small-latest"),
    ],
)
@pytest.mark.parametrize("tokens", [1, 350, 4000])
def test_it_is_what_the_method_itself_gives(provider: str, model: str, tokens: int) -> None:
    # So long a latency that the method takes its own.
    impacts = llm_impacts(provider, model, tokens, request_latency=1e6)
    assert impacts.usage is not None
    energy, gwp = impacts.usage.energy.value, impacts.usage.gwp.value
    found = footprint(published(model), None, tokens, 1.0)

    assert found is not None
    low, high = getattr(energy, "min", energy), getattr(energy, "max", energy)
    assert (found.low_wh, found.high_wh) == pytest.approx((low * 1000, high * 1000), rel=1e-6)
    low, high = getattr(gwp, "min", gwp), getattr(gwp, "max", gwp)
    assert (found.low_g, found.high_g) == pytest.approx((low * 1000, high * 1000), rel=1e-6)
    assert found.source.startswith("EcoLogits ")


def test_a_model_that_the_method_does_not_know_has_no_energy_rather_than_none() -> None:
    assert published("nobodys-model") is None
    assert footprint(None, None, 100, 1.0) is None


def test_measured_power_counts_over_the_time_that_the_machine_was_busy() -> None:
    found = footprint(None, 300.0, None, busy_s=12.0)
    assert found == Footprint(1.0, 1.0, None, None, "power measured on this machine")
    rate = EnergyRate(low_wh_per_mtok=0, high_wh_per_mtok=0, g_per_kwh=400.0)
    with_mix = footprint(rate, 300.0, None, busy_s=12.0)
    assert with_mix is not None and with_mix.low_g == pytest.approx(0.4)


def test_a_card_takes_what_is_published_unless_it_says_so_itself() -> None:
    taken = resolve_energy("gpt-4o-mini", card(), OPENAI)
    assert taken.energy is not None
    own = EnergyRate(low_wh_per_mtok=1.0, high_wh_per_mtok=2.0)
    assert resolve_energy("gpt-4o-mini", card(energy=own), OPENAI).energy == own


def test_neither_local_nor_simulated_models_take_what_a_provider_needs() -> None:
    assert resolve_energy("gpt-4o-mini", card(location="local"), OPENAI).energy is None
    simulated = SimulatedSpec(kind="simulated")
    assert resolve_energy("gpt-4o-mini", card(), simulated).energy is None


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValueError, match="at most high_wh_per_mtok"):
        EnergyRate(low_wh_per_mtok=2.0, high_wh_per_mtok=1.0)


def test_the_package_itself_is_not_imported() -> None:
    code = (
        "import sys; from router.energy import published; assert published('gpt-4o');"
        " sys.exit('ecologits' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
