"""Energy and emissions of an answer, as a range; None where nothing is known of the model."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

SECONDS_PER_HOUR = 3600.0
TOKENS_PER_MILLION = 1_000_000
MEASURED = "power measured on this machine"

_Amount = Annotated[float, Field(ge=0)]


class EnergyRate(BaseModel):
    """What a model takes: watt-hours per million tokens written and per call, from low to high.

    `g_per_kwh` are grams of CO2 equivalent of the electricity; `source` says who reckoned it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    low_wh_per_mtok: _Amount
    high_wh_per_mtok: _Amount
    low_wh_per_call: _Amount = 0.0
    high_wh_per_call: _Amount = 0.0
    g_per_kwh: _Amount | None = None
    source: str = "the card"

    @model_validator(mode="after")
    def _low_first(self) -> "EnergyRate":
        if self.low_wh_per_mtok > self.high_wh_per_mtok:
            raise ValueError("expected low_wh_per_mtok to be at most high_wh_per_mtok")
        return self


@dataclass(frozen=True, slots=True)
class Footprint:
    """Energy in watt-hours and emissions in grams of CO2 equivalent, each from `low` to `high`.

    `source` says who reckoned it: a measured power, or a published method.
    """

    low_wh: float
    high_wh: float
    low_g: float | None
    high_g: float | None
    source: str


def footprint(
    rate: EnergyRate | None, power_watts: float | None, output_tokens: int | None, busy_s: float
) -> Footprint | None:
    """What an answer took: by measured power over the time its machine was busy, else by rate.

    `busy_s` is in seconds. The emissions of a measured power are those of the card's `g_per_kwh`.
    """
    grams = None if rate is None else rate.g_per_kwh
    if power_watts is not None:
        hours = power_watts * busy_s / SECONDS_PER_HOUR
        return _of(hours, hours, grams, MEASURED)
    if rate is None or output_tokens is None:
        return None
    written = output_tokens / TOKENS_PER_MILLION
    low = rate.low_wh_per_mtok * written + rate.low_wh_per_call
    return _of(low, rate.high_wh_per_mtok * written + rate.high_wh_per_call, grams, rate.source)


def _of(low: float, high: float, grams: float | None, source: str) -> Footprint:
    if grams is None:
        return Footprint(low, high, None, None, source)
    return Footprint(low, high, low * grams / 1000, high * grams / 1000, source)
