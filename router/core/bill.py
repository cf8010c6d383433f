"""Bill: what one request cost, priced once from upstream's own usage at the prices in force.

Rule: what is not known is None, and the bill says why; it is never 0.
"""

from msgspec import Struct

from router.core.baseline import PricedBaseline
from router.core.cost import Usage
from router.core.energy import Footprint
from router.core.ledger import PriceSheet


class OwnCall(Struct, frozen=True):
    """A call that the router made for its own ends: to judge an answer or to shadow a model."""

    purpose: str
    model: str
    usage: Usage | None
    cost_usd: float | None


class Bill(Struct, frozen=True):
    """Beside the answer's own cost: everything else the request cost, in US dollars.

    `escalation_usd`: calls that were paid for and did not answer; None if one has no price.
    `own_usd`: the router's own calls; None likewise. `cache_loss_usd`: what changing the model lost
    of the conversation's prompt cache. `baseline` is None where it could not be priced.
    `priced_by` are the prices that were in force.
    """

    escalation_usd: float | None = 0.0
    own_usd: float | None = 0.0
    cache_loss_usd: float = 0.0
    baseline: PricedBaseline | None = None
    priced_by: PriceSheet | None = None
    footprint: Footprint | None = None
