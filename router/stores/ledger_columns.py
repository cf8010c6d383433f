"""The ledger's columns of the decision log: the rest of what a request cost, and against what.

Rule: money that is not known is null, and `unpriced` says why.
"""

from router.core.event import RoutingEvent
from router.stores.column import Column, of, of_part, of_usage

# One that was not corrected is priced on the same tokens, without a range.
_baseline = of_part("bill.baseline", otherwise="baseline_cost_usd")
_assumed = of_part("bill.baseline")
_footprint = of_part("bill.footprint")
_price_sheet = of_part("bill.priced_by")


def _domain(event: RoutingEvent) -> str | None:
    domain = event.signals.get("domain")
    return domain if isinstance(domain, str) else None


def _location(event: RoutingEvent) -> str | None:
    for candidate in event.decision.candidates:
        if candidate.model == event.model:
            return candidate.location
    return None


USD = "US dollars"

LEDGER_COLUMNS: tuple[Column, ...] = (
    Column(
        "arm",
        "text",
        "Who chose: `routed`, the policy; `treated` or `control`, a lot between the policy and"
        " the baseline; `named`, the caller",
        of("decision.arm"),
        "",
        True,
    ),
    Column(
        "preferred", "text", "Whom the strategy put first, before any lot", of("decision.preferred")
    ),
    Column("domain", "text", "The signal `domain`; null if it was not read", _domain),
    Column("location", "text", "Where the model that answered runs: `local` or `cloud`", _location),
    Column(
        "cache_write_tokens",
        "integer",
        "Input that was written into the provider's prompt cache",
        of_usage("cache_write_tokens"),
        "tokens",
    ),
    Column(
        "input_audio_tokens", "integer", "Input as audio", of_usage("input_audio_tokens"), "tokens"
    ),
    Column(
        "output_audio_tokens",
        "integer",
        "Output as audio",
        of_usage("output_audio_tokens"),
        "tokens",
    ),
    Column(
        "input_image_tokens", "integer", "Input as images", of_usage("input_image_tokens"), "tokens"
    ),
    Column(
        "output_image_tokens",
        "integer",
        "Output as images",
        of_usage("output_image_tokens"),
        "tokens",
    ),
    Column(
        "escalation_usd",
        "number",
        "What calls that did not answer cost; null if one that was paid has no price",
        of("bill.escalation_usd"),
        USD,
    ),
    Column(
        "own_usd",
        "number",
        "What the router's own calls about it cost, to judge and to shadow; those of a review are"
        " added when it is over. Null if one has no price",
        of("bill.own_usd"),
        USD,
    ),
    Column(
        "cache_loss_usd",
        "number",
        "What the change of model was expected to lose of the provider's prompt cache",
        of("bill.cache_loss_usd"),
        USD,
        True,
    ),
    Column(
        "baseline_usd",
        "number",
        "What the baseline would have cost for the same prompt, by its tokenizer and verbosity as"
        " far as these are measured; null if not priced",
        _baseline("usd"),
        USD,
    ),
    Column(
        "baseline_low_usd",
        "number",
        "The same at the low end of the verbosity's 95 % interval",
        _baseline("low"),
        USD,
    ),
    Column("baseline_high_usd", "number", "The same at its high end", _baseline("high"), USD),
    Column(
        "baseline_verbosity",
        "number",
        "Tokens the baseline writes where the model that answered writes one; 1 if not measured",
        _assumed("verbosity.value"),
        "ratio",
    ),
    Column(
        "baseline_tokenizer",
        "number",
        "Tokens the baseline's tokenizer takes where that of the model that answered takes one;"
        " 1 if that is not known",
        _assumed("tokenizer.value"),
        "ratio",
    ),
    Column(
        "unpriced",
        "text",
        "Why a request that was paid for counts in no saving: `no_price`, `no_usage` or"
        " `no_baseline_price`; null if it counts or cost nothing",
        of("unpriced"),
    ),
    Column(
        "price_id",
        "text",
        "Hash of the prices in force, which `price_sheets` holds",
        _price_sheet("id"),
    ),
    Column(
        "energy_low_wh",
        "number",
        "Energy, the low end of its range; null if not known",
        _footprint("low_wh"),
        "watt-hours",
    ),
    Column("energy_high_wh", "number", "Energy, the high end", _footprint("high_wh"), "watt-hours"),
    Column(
        "co2_low_g",
        "number",
        "Emissions of that energy, the low end",
        _footprint("low_g"),
        "grams of CO2e",
    ),
    Column(
        "co2_high_g", "number", "Emissions, the high end", _footprint("high_g"), "grams of CO2e"
    ),
    Column(
        "energy_source",
        "text",
        "Who reckoned the energy: a measured power or a method",
        _footprint("source"),
    ),
)
"""In the order of the schema."""

# Came later, so it stands last.
TOKENIZER_BASIS = Column(
    "baseline_tokenizer_basis",
    "text",
    "Where `baseline_tokenizer` is from: `measured` on this traffic, `known` by the models' names,"
    " or `assumed`",
    _assumed("tokenizer.basis"),
)
