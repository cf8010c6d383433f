"""OwnCost: what the router paid for its own ends, to judge answers and to shadow a model."""

from typing import NamedTuple


class OwnCost(NamedTuple):
    """Of the router's own calls of one purpose to one model: how many, their tokens as far as these
    were told, and what they cost in nano-dollars. `unpriced` of them have no price and are not in
    `nano`."""

    purpose: str
    model: str
    calls: int
    unpriced: int
    tokens: int
    nano: int
