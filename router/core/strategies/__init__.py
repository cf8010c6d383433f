"""Ways to put candidates in order. One file each; a strategy's options are its YAML schema."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from router.core.strategies.base import Ranking, StrategyOptions
from router.core.strategies.best_quality import BestQuality
from router.core.strategies.cheapest_good_enough import CheapestGoodEnough
from router.core.strategies.fastest import Fastest
from router.core.strategies.threshold import Threshold
from router.core.strategies.weighted import Weighted

STRATEGIES: Mapping[str, type[StrategyOptions]] = {
    "cheapest_good_enough": CheapestGoodEnough,
    "threshold": Threshold,
    "fastest": Fastest,
    "best_quality": BestQuality,
    "weighted": Weighted,
}

Strategy = Annotated[
    CheapestGoodEnough | Threshold | Fastest | BestQuality | Weighted, Field(discriminator="kind")
]

__all__ = ["STRATEGIES", "Ranking", "Strategy"]
