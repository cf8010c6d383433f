"""A policy in plain words: what each rule waits for, and where it sends what it was waiting for."""

from collections.abc import Iterator, Mapping
from typing import Any

from router.core.decide import DEFAULT_RULE
from router.core.judging import Judging
from router.core.limits import Limits
from router.core.policy import Comparison, Condition, Policy, Route, Selector

_OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "at_least": "is at least",
    "above": "is above",
    "at_most": "is at most",
    "below": "is below",
}


def in_words(policy: Policy) -> list[dict[str, str]]:
    """Each rule in order, the default last: its name, when it holds, and what happens then."""
    told = [
        {"rule": rule.name, "when": condition(rule.when), "then": route(rule)}
        for rule in policy.rules
    ]
    when = "no rule above holds" if policy.rules else "always"
    return [*told, {"rule": DEFAULT_RULE, "when": when, "then": route(policy.default)}]


def condition(when: Condition | Comparison) -> str:
    """When a rule holds."""
    if isinstance(when, Comparison):
        return f"{when.signal} {_OPERATORS[when.operator]} {_value(when.operand)}"
    groups = [
        (group, joined, told)
        for group, joined, told in (
            (when.all_, " and ", "{}"),
            (when.any_, " or ", "{}"),
            (when.none_, " or ", "not {}"),
        )
        if group
    ]
    parts = []
    for group, joined, told in groups:
        several = joined.join(map(_part, group))
        bracketed = told != "{}" or (len(groups) > 1 and joined == " or ")
        parts.append(told.format(f"({several})" if bracketed else several))
    return " and ".join(parts)


def route(to: Route) -> str:
    """What happens to a request that goes this way."""
    told = [f"{_strategy(to)}{_among(to)}"]
    if to.prefer_specialists:
        told.append("specialists first among the good enough")
    return "; ".join([*told, *limits(to.limits)])


def limits(bound: Limits) -> Iterator[str]:
    """Each limit in a few words."""
    if bound.local_only:
        yield "only local models"
    if bound.allowed_models is not None:
        yield f"only {', '.join(bound.allowed_models) or 'none'}"
    if bound.max_cost_usd is not None:
        yield f"at most ${bound.max_cost_usd:g} expected"
    if bound.max_latency is not None:
        yield f"at most {bound.max_latency:g} s expected"
    if bound.min_quality is not None:
        yield f"a predicted quality of {bound.min_quality:g} or more"


def judging(judged: Judging | None) -> str | None:
    """What is judged, None where nothing is."""
    if judged is None or judged.share == 0:
        return None
    told = f"{_share(judged.share)} of routed answers are judged by {judged.model}"
    if judged.shadow:
        asked = f"for {_share(judged.shadow)} of routed requests the baseline is asked too"
        told = f"{told}, and {asked}, unseen"
    bound = judged.usd_per_day
    return told if bound is None else f"{told}, for at most ${bound:g} a day and process"


def _share(value: float) -> str:
    return f"{100 * value:g} %"


def _part(part: Condition | Comparison) -> str:
    told = condition(part)
    return told if isinstance(part, Comparison) else f"({told})"


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _strategy(to: Route) -> str:
    options: Mapping[str, Any] = to.strategy.model_dump()
    told = _STRATEGIES.get(options["kind"])
    if told is not None:
        return told.format(**options)
    # A strategy that has no words yet is told by its own.
    others = ", ".join(f"{name} {_value(it)}" for name, it in options.items() if name != "kind")
    return f"the first by {options['kind']}" + (f" ({others})" if others else "")


_STRATEGIES = {
    "cheapest_good_enough": "the cheapest model whose predicted quality reaches {min_quality:g} or"
    " comes within {within:g} of the best",
    "threshold": "below a complexity of {complexity:g} the cheapest model, from it on the best",
    "fastest": "the fastest model whose predicted quality reaches {min_quality:g}",
    "best_quality": "the model of the highest predicted quality, of equals the cheaper",
    "weighted": "the best sum of {quality:g} times quality, {cost:g} times cheapness and"
    " {latency:g} times speed",
}


def _among(to: Route) -> str:
    chosen = to.candidates
    if isinstance(chosen, str):
        return ""
    if isinstance(chosen, tuple):
        return f", among {', '.join(chosen)}"
    return f", among {_selected(chosen)}"


def _selected(chosen: Selector) -> str:
    named = [f"{chosen.location} models" if chosen.location else "models"]
    if chosen.specialises_in_domain:
        named.append(f"made for {chosen.specialises_in_domain}")
    if chosen.specialises_in_task:
        named.append(f"made for {chosen.specialises_in_task}")
    if chosen.without:
        named.append(f"but not {', '.join(chosen.without)}")
    return " ".join(named)
