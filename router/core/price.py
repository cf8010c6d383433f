"""Price: what a model costs, as its card or the public catalogue says. Also the YAML schema.

Rule: None means that no such price is known, never that it is free.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from router.core.limits import Count

MOST_USD = 100_000
"""Ten cents a token, or this much an hour: beyond it is a slip, and sums that no log can hold."""

Dollars = Annotated[float, Field(ge=0, le=MOST_USD)]
DollarsAnHour = Annotated[float, Field(gt=0, le=MOST_USD)]


class _TokenPrices(BaseModel):
    """US dollars per million tokens, by kind of token.

    A kind without a price of its own costs what its side does: cached and written input, audio and
    images in cost as `input`; reasoning, audio and images out cost as `output`.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False
    )

    input_usd_per_mtok: Dollars | None = None
    output_usd_per_mtok: Dollars | None = None
    cached_input_usd_per_mtok: Dollars | None = None
    cache_write_usd_per_mtok: Dollars | None = None
    cache_write_1h_usd_per_mtok: Dollars | None = None
    reasoning_usd_per_mtok: Dollars | None = None
    input_audio_usd_per_mtok: Dollars | None = None
    output_audio_usd_per_mtok: Dollars | None = None
    input_image_usd_per_mtok: Dollars | None = None
    output_image_usd_per_mtok: Dollars | None = None


class LongContext(_TokenPrices):
    """What the whole call costs once its input exceeds so many tokens, where that is more."""

    above_tokens: Count


class Price(_TokenPrices):
    """What a model costs: per token (US dollars per million) or per machine hour, never both.

    Prices of `long_context` replace those of the same name.
    """

    long_context: LongContext | None = None
    usd_per_hour: DollarsAnHour | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        per_token = (self.input_usd_per_mtok, self.output_usd_per_mtok)
        if self.usd_per_hour is not None:
            if self.model_fields_set - {"usd_per_hour"}:
                raise ValueError("expected either usd_per_hour or prices per million tokens")
        elif None in per_token:
            raise ValueError(
                "expected input_usd_per_mtok and output_usd_per_mtok together, or usd_per_hour"
            )
        return self
