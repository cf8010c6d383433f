"""What answers take in energy, by EcoLogits' published method, reckoned without importing it.

The method (EcoLogits 0.11, https://ecologits.ai, "LLM inference"; data under MPL-2.0) is linear in
the tokens written, so a card holds two numbers for each end of the range. Its files of models and
of electricity mixes are read from the installed package; without it nothing is known.
Only the use of the machines is counted, not their making.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import msgspec

from router.core.catalog import ModelCard, UpstreamSpec
from router.core.energy import EnergyRate

_GPU_ALPHA, _GPU_BETA, _GPU_GAMMA = 1.1665273170451914e-06, -0.011205921025579175, 4.0529281467e-05
"""Watt-hours a token of one GPU: alpha * exp(beta * batch) * billions of parameters + gamma."""

_LATENCY_ALPHA, _LATENCY_BETA, _LATENCY_GAMMA = 6.785088094e-4, 3.119310312e-4, 0.019473717579473387
"""Seconds a token: alpha * billions of parameters + beta * batch + gamma."""

_BATCH = 64
_BITS = 16
_GPU_GB = 80
_GPUS_PER_SERVER = 8
_SERVER_W = 1200.0
_SECONDS_PER_HOUR = 3600.0
"""Assumed of a provider's machines: batch size, precision, an H100's memory, a server without its
GPUs."""


@dataclass(frozen=True, slots=True)
class _Provider:
    """Where a provider's machines are thought to stand, and their power usage effectiveness."""

    zone: str
    pue: tuple[float, float]


_PROVIDERS: Mapping[str, _Provider] = {
    "anthropic": _Provider("USA", (1.09, 1.14)),
    "cohere": _Provider("USA", (1.09, 1.09)),
    "google_genai": _Provider("USA", (1.09, 1.09)),
    "huggingface_hub": _Provider("USA", (1.09, 1.14)),
    "mistralai": _Provider("SWE", (1.16, 1.16)),
    "openai": _Provider("USA", (1.20, 1.20)),
}
_PREFIXES = ("", "models/")


class _Model(msgspec.Struct):
    provider: str
    name: str
    architecture: Any = None
    deployment: Any = None
    alias: str | None = None


class _Models(msgspec.Struct):
    models: list[_Model]
    aliases: list[_Model] = []


class _Mix(msgspec.Struct):
    name: str
    gwp: float


class _Mixes(msgspec.Struct):
    electricity_mixes: list[_Mix]


def resolve_energy(name: str, card: ModelCard, upstream: UpstreamSpec) -> ModelCard:
    """The card with its energy filled in where the method knows the model; what it says stands."""
    if card.energy is not None or card.power_watts is not None or card.location == "local":
        return card
    if upstream.kind == "simulated":
        return card
    own = card.catalogue_name or card.upstream_model or name
    rate = published(own.rpartition("/")[2])
    return card if rate is None else card.model_copy(update={"energy": rate})


@cache
def published(name: str) -> EnergyRate | None:
    """What one model takes, by the name its provider gives it; None where that is not known."""
    models, mixes = _data()
    for model in _named(name, models):
        provider = _PROVIDERS.get(model.provider)
        sizes = _sizes(model.architecture)
        if provider is not None and sizes is not None and provider.zone in mixes:
            return _rate(sizes, model.deployment or {}, provider, mixes[provider.zone])
    return None


def _named(name: str, models: Mapping[str, _Model]) -> Iterator[_Model]:
    for prefix in _PREFIXES:
        if (model := models.get(prefix + name)) is not None:
            yield model


@cache
def _data() -> tuple[Mapping[str, _Model], Mapping[str, float]]:
    """Models by name and alias, and kilograms of CO2 equivalent a kWh by zone."""
    try:
        data = Path(str(distribution("ecologits").locate_file("ecologits/data")))
        told = (data / "models.json").read_bytes()
        mixed = (data / "electricity_mixes.json").read_bytes()
    except (PackageNotFoundError, FileNotFoundError):
        return {}, {}
    read = msgspec.json.decode(told, type=_Models)
    models = {model.name: model for model in read.models}
    aliases = {one.name: models[one.alias] for one in read.aliases if one.alias in models}
    mixes = msgspec.json.decode(mixed, type=_Mixes).electricity_mixes
    return {**aliases, **models}, {mix.name: mix.gwp for mix in mixes}


Range = tuple[float, float]


def _sizes(architecture: Any) -> tuple[Range, Range] | None:
    """Billions of parameters: active ones and all of them, each from least to most."""
    parameters = architecture.get("parameters") if isinstance(architecture, dict) else None
    if isinstance(parameters, dict) and "active" in parameters:
        active, total = _range(parameters["active"]), _range(parameters["total"])
    else:
        active = total = _range(parameters)
    return None if active is None or total is None else (active, total)


def _range(value: Any) -> Range | None:
    if isinstance(value, dict):
        return float(value["min"]), float(value["max"])
    return (float(value), float(value)) if isinstance(value, int | float) else None


def _rate(
    sizes: tuple[Range, Range], deployment: Mapping[str, Any], provider: _Provider, mix: float
) -> EnergyRate:
    (least, most), (least_total, most_total) = sizes
    low, low_call = _watt_hours(least, least_total, deployment)
    high, high_call = _watt_hours(most, most_total, deployment)
    return EnergyRate(
        low_wh_per_mtok=low * provider.pue[0] * 1e6,
        high_wh_per_mtok=high * provider.pue[1] * 1e6,
        low_wh_per_call=low_call * provider.pue[0],
        high_wh_per_call=high_call * provider.pue[1],
        g_per_kwh=mix * 1000,
        source=f"EcoLogits {_version()}, {provider.zone}",
    )


def _watt_hours(active: float, total: float, deployment: Mapping[str, Any]) -> tuple[float, float]:
    """Watt-hours for each token written, and for each call."""
    memory = 1.2 * total * _BITS / 8
    gpus = 2 ** math.ceil(math.log2(math.ceil(memory / _GPU_GB)))
    speed = deployment.get("tps")
    slow = _LATENCY_ALPHA * active + _LATENCY_BETA * _BATCH + _LATENCY_GAMMA
    per_token_s = 1 / speed if speed else slow
    server_w = _SERVER_W * gpus / _GPUS_PER_SERVER / _BATCH / _SECONDS_PER_HOUR
    gpu_wh = _GPU_ALPHA * math.exp(_GPU_BETA * _BATCH) * active + _GPU_GAMMA
    return per_token_s * server_w + gpus * gpu_wh, (deployment.get("ttft") or 0.0) * server_w


@cache
def _version() -> str:
    return distribution("ecologits").version
