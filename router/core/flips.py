"""Flips: what would have sent a request to another model, by the smallest change of one value.

Each is found by deciding again with that value changed and all else as it was: a threshold of the
strategy that decided, a model's price, or a signal. Pure, and as exact as `decide` is: whatever is
told here has been decided, not estimated.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from router.core.catalog import Catalog, Price
from router.core.decide import DEFAULT_RULE
from router.core.decision import RejectionCode
from router.core.policy import Policy, Route, signals_read
from router.core.replay import Case
from router.core.signals import QUALITY, SignalSpec, SignalValue, Vocabulary

Kind = Literal["threshold", "price", "signal"]

STEPS = 24
"""Values tried on each side, closer together near the present one."""

_HALVINGS = 20
_DEAREST = 20.0
_LOGITS = 6.0


@dataclass(frozen=True, slots=True)
class Flip:
    """One change that sends the request to `model`.

    `name` is the threshold, the model whose price changes (`before` and `after` are then factors
    of the present price), or the signal. `size` orders flips: the share of its range that a value
    moves, 1 for a flag or a text.
    """

    kind: Kind
    name: str
    before: SignalValue
    after: SignalValue
    model: str
    size: float


def flips(case: Case, vocabulary: Vocabulary | None = None) -> tuple[Flip, ...]:
    """The smallest change of each value that flips the decision, the smallest of all first.

    Empty for a request that named its model, and where no model can serve it. `vocabulary` tells
    the ranges of signals.
    """
    case = replace(case, policy=case.policy.model_copy(update={"explore": 0.0}))
    choice = case.decided().choice
    if choice is None or not case.request.is_routed:
        return ()
    found = (
        *_by_threshold(case, choice.model),
        *_by_price(case, choice.model),
        *_by_signal(case, choice.model, vocabulary or {}),
    )
    return tuple(sorted(found, key=lambda flip: (flip.size, flip.kind, flip.name)))


def _by_threshold(case: Case, choice: str) -> Iterator[Flip]:
    rule = case.decided().rule
    strategy = _route(case.policy, rule).strategy
    for name, value in strategy.model_dump(exclude={"kind"}).items():
        if isinstance(value, float):

            def changed(to: float, name: str = name) -> Case:
                return replace(case, policy=_with_option(case.policy, rule, name, to))

            for after, model in _nearest(changed, choice, value, 0.0, max(1.0, value)):
                yield Flip("threshold", name, value, after, model, abs(after - value))


def _by_price(case: Case, choice: str) -> Iterator[Flip]:
    for name in _weighed(case, "too_expensive"):
        price = case.catalog.models[name].price
        if price is None or not any(_rates(price).values()):
            continue

        def changed(to: float, name: str = name, price: Price = price) -> Case:
            return replace(case, catalog=_with_price(case.catalog, name, price, to))

        for after, model in _nearest(changed, choice, 1.0, 0.0, _DEAREST):
            # Half the price is as large a change as double.
            size = 1 - min(after, 1 / after) if after > 0 else 1.0
            yield Flip("price", name, 1.0, after, model, size)


def _by_signal(case: Case, choice: str, vocabulary: Vocabulary) -> Iterator[Flip]:
    foreseen = {f"{QUALITY}{name}" for name in _weighed(case, "quality_too_low")}
    read = signals_read(case.policy) | foreseen
    for name in sorted(read & case.signals.keys()):
        value, spec = case.signals[name], vocabulary.get(name)

        def changed(to: SignalValue, name: str = name) -> Case:
            return replace(case, signals={**case.signals, name: to})

        if isinstance(value, bool):
            yield from _of_words(name, value, (not value,), changed, choice)
        elif isinstance(value, str):
            others = (spec.values if spec else None) or ()
            yield from _of_words(name, value, others, changed, choice)
        else:
            low, high = _range(name, value, spec)
            for after, model in _nearest(changed, choice, value, low, high):
                size = abs(after - value) / (high - low)
                yield Flip("signal", name, value, after, model, size)


def _weighed(case: Case, code: RejectionCode) -> list[str]:
    """The candidates, and who would be one but for a limit of this kind."""
    decision = case.decided()
    ruled_out = (it.model for it in decision.rejected if it.code == code)
    return [*decision.models, *ruled_out]


def _of_words(
    name: str,
    value: SignalValue,
    others: tuple[SignalValue, ...],
    changed: Callable[[SignalValue], Case],
    choice: str,
) -> Iterator[Flip]:
    """The first of other values that flips to each model: flags and texts have no nearest one."""
    models: set[str] = set()
    for other in others:
        model = _choice(changed(other))
        if other != value and model not in (None, choice) and model not in models:
            models.add(model)
            yield Flip("signal", name, value, other, model, 1.0)


def _nearest(
    changed: Callable[[float], Case], choice: str, value: float, low: float, high: float
) -> Iterator[tuple[float, str]]:
    """The nearest value on each side at which another model is chosen, and which."""
    for end in (low, high):
        same = value
        for step in range(1, STEPS + 1):
            tried = value + (end - value) * (step / STEPS) ** 2
            model = _choice(changed(tried))
            if model not in (None, choice):
                after = _narrowed(changed, choice, same, tried)
                found = _choice(changed(after))
                if after != value and found is not None:
                    yield after, found
                break
            same = tried


def _narrowed(changed: Callable[[float], Case], choice: str, same: float, other: float) -> float:
    """Between a value that changes nothing and one that does: the first that does, rounded to as
    few digits as still do."""
    for _ in range(_HALVINGS):
        middle = (same + other) / 2
        if _choice(changed(middle)) in (None, choice):
            same = middle
        else:
            other = middle
    for digits in range(1, 7):
        unit = 10.0**-digits if other > same else -(10.0**-digits)
        for tried in (round(other, digits), round(round(other, digits) + unit, digits)):
            near = abs(tried - other) <= 0.02 * max(abs(other), 0.1)
            if near and _choice(changed(tried)) not in (None, choice):
                return tried
    return other


def _choice(case: Case) -> str | None:
    choice = case.decided().choice
    return None if choice is None else choice.model


def _range(name: str, value: float, spec: SignalSpec | None) -> tuple[float, float]:
    if name.startswith(QUALITY):
        return 0.0, 1.0
    low = spec.low if spec and spec.low is not None else None
    high = spec.high if spec and spec.high is not None else None
    if low is None:
        low = -_LOGITS if name == "difficulty" else min(0.0, value)
    if high is None:
        high = _LOGITS if name == "difficulty" else max(1.0, 20.0 * abs(value))
    return min(low, value), max(high, value)


def _route(policy: Policy, rule: str) -> Route:
    return next((it for it in policy.rules if it.name == rule), policy.default)


def _with_option(policy: Policy, rule: str, name: str, value: float) -> Policy:
    """The policy with one option of a route's strategy changed. Only which model is chosen may be
    read off it: what it keeps of confidences is the old policy's."""

    def altered(route: Any) -> Any:
        strategy = route.strategy.model_copy(update={name: value})
        return route.model_copy(update={"strategy": strategy})

    if rule == DEFAULT_RULE:
        return policy.model_copy(update={"default": altered(policy.default)})
    rules = tuple(altered(it) if it.name == rule else it for it in policy.rules)
    return policy.model_copy(update={"rules": rules})


def _with_price(catalog: Catalog, name: str, price: Price, factor: float) -> Catalog:
    scaled = {it: rate * factor for it, rate in _rates(price).items()}
    card = catalog.models[name].model_copy(update={"price": price.model_copy(update=scaled)})
    return catalog.model_copy(update={"models": {**catalog.models, name: card}})


def _rates(price: Price) -> Mapping[str, float]:
    """What a price is made of, by field."""
    return {name: rate for name, rate in price if "usd_per_" in name and rate is not None}
