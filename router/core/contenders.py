"""Which models of a catalog a policy may choose at all, and between which two its choice lies."""

from collections.abc import Iterator

from router.core.catalog import Catalog, ModelCard
from router.core.gate import selected
from router.core.limits import Limits
from router.core.policy import Policy


def permitted(name: str, card: ModelCard, limits: Limits) -> bool:
    """Whether limits leave a model to choose from, whatever the request."""
    if limits.allowed_models is not None and name not in limits.allowed_models:
        return False
    return card.location == "local" or not limits.local_only


def contenders(policy: Policy, catalog: Catalog) -> Iterator[str]:
    """Names of the models that some route of the policy may choose, in the catalog's order.

    Vectors, pictures and the like are asked for by name and never routed, so what makes them alone
    is none.
    """
    for name, card in catalog.conversing.items():
        if any(
            selected(name, card, route.candidates)
            and permitted(name, card, policy.limits.tightened(route.limits))
            for route in policy.routes
        ):
            yield name


def small_and_large(policy: Policy, catalog: Catalog) -> tuple[str, str] | None:
    """The contenders of the lowest and the highest prior quality; None where all have the same."""
    priors = {name: catalog.models[name].quality.overall for name in contenders(policy, catalog)}
    if len(set(priors.values())) < 2:
        return None
    return min(priors, key=priors.__getitem__), max(priors, key=priors.__getitem__)
