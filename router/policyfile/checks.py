"""What a policy means, checked against its catalog and its signals, each problem at its place."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from router.core.catalog import Catalog, ModelCard
from router.core.contenders import permitted
from router.core.decide import DEFAULT_RULE
from router.core.gate import selected
from router.core.limits import Limits
from router.core.policy import Route, Rule
from router.core.quality import quality_vocabulary
from router.core.signals import DOMAINS, TASKS, Vocabulary
from router.errors import Problem
from router.policyfile.catalog_checks import catalog_problems
from router.policyfile.comparisons import comparison_problems
from router.policyfile.reachability import Blocked, blocked
from router.policyfile.tree import Node
from router.policyfile.validation import did_you_mean, sound


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy is held against; None where it could not be read, and is not checked.

    `written` is the catalog's tree, None for a catalog given by code. `chatting` are the models
    that are asked through chat completions, `by_name` those that nothing is chosen from.
    """

    written: Node | None
    models: frozenset[str] | None
    cards: Mapping[str, ModelCard] | None
    vocabulary: Vocabulary | None
    chatting: frozenset[str] | None = None
    by_name: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, written: Node | None, catalog: Catalog | None, vocabulary: Vocabulary | None
    ) -> "Facts":
        """The facts, as far as they can be known."""
        models: frozenset[str] | None = None
        chatting: frozenset[str] | None = None
        by_name = frozenset[str]()
        if catalog is not None:
            models = frozenset(catalog.models)
            if all(card.upstream in catalog.upstreams for card in catalog.models.values()):
                chatting = frozenset(name for name in models if "chat" in catalog.speaks(name))
                by_name = models - catalog.conversing.keys()
        elif written is not None and (given := written.get("models")) is not None:
            models = frozenset(given.entries)
        if vocabulary is not None:
            vocabulary = {**vocabulary, **quality_vocabulary(models or ())}
        cards = catalog.models if catalog else None
        return cls(written, models, cards, vocabulary, chatting, by_name)


def checked(root: Node, facts: Facts) -> Iterator[Problem]:
    """Every problem of meaning in a policy file and its catalog."""
    if facts.written is not None:
        yield from catalog_problems(facts.written)
    if facts.models is not None:
        yield from _unknown_models(root, facts.models)
    if facts.chatting is not None and facts.models is not None:
        yield from _mute_judge(root, facts.models - facts.chatting)
    yield from _never_chosen(root, facts.by_name)
    yield from _unknown_specialities(root)
    rules = root.get("rules")
    nodes = rules.items if rules else []
    yield from _rule_names(nodes)
    if facts.vocabulary is not None:
        yield from _conditions(nodes, facts.vocabulary)
    # A catalog given by code is whatever was found on the machine: a rule that nothing there can
    # serve is not the policy's mistake.
    if facts.cards is not None and facts.written is not None:
        cards = {name: card for name, card in facts.cards.items() if name not in facts.by_name}
        yield from _unservable(root, cards)


def _routes(root: Node) -> Iterator[Node]:
    rules = root.get("rules")
    yield from rules.items if rules else ()
    default = root.get("default")
    if default is not None:
        yield default


def _texts(node: Node | None) -> Iterator[Node]:
    """The texts of a list."""
    yield from (item for item in (node.items if node else ()) if isinstance(item.value, str))


def _unknown_models(root: Node, models: frozenset[str]) -> Iterator[Problem]:
    for node in _model_names(root):
        if str(node.value) not in models:
            near = did_you_mean(node.value, models)
            hint = near or f"; the catalog has {', '.join(sorted(models)) or 'none'}"
            yield node.problem(f"unknown model {node.value}{hint}")


def _model_names(root: Node) -> Iterator[Node]:
    baseline = root.get("baseline")
    if baseline is not None and isinstance(baseline.value, str):
        yield baseline
    judge = root.get("judging", "model")
    if judge is not None and isinstance(judge.value, str):
        yield judge
    yield from _texts(root.get("limits", "allowed_models"))
    for route in _routes(root):
        yield from _texts(route.get("candidates"))
        yield from _texts(route.get("candidates", "without"))
        yield from _texts(route.get("limits", "allowed_models"))


def _mute_judge(root: Node, mute: frozenset[str]) -> Iterator[Problem]:
    judge = root.get("judging", "model")
    if judge is not None and judge.value in mute:
        told = f"expected a model that is asked through chat, which {judge.value} is not"
        yield judge.problem(told)


def _never_chosen(root: Node, by_name: frozenset[str]) -> Iterator[Problem]:
    """Models that are named where one is chosen, and that are asked for by name alone."""
    baseline = root.get("baseline")
    named = [baseline] if baseline is not None else []
    for route in _routes(root):
        named += _texts(route.get("candidates"))
    for node in named:
        if isinstance(node.value, str) and node.value in by_name:
            yield node.problem(
                f"expected a model that can be chosen, {node.value} is asked for by name alone"
            )


def _unknown_specialities(root: Node) -> Iterator[Problem]:
    for route in _routes(root):
        yield from _unknown_specialities_of(route)


def _unknown_specialities_of(route: Node) -> Iterator[Problem]:
    for what, known in (("domain", DOMAINS), ("task", TASKS)):
        node = route.get("candidates", f"specialises_in_{what}")
        if node is not None and isinstance(node.value, str) and node.value not in known:
            near = did_you_mean(node.value, known) or f"; expected one of {', '.join(known)}"
            yield node.problem(f"unknown {what} {node.value}{near}")


def _rule_names(rules: Iterable[Node]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for rule in rules:
        name = rule.get("name")
        if name is None or not isinstance(name.value, str):
            continue
        if name.value == DEFAULT_RULE:
            yield name.problem("expected another name, default is the route when no rule holds")
        elif name.value in first:
            yield name.problem(f"expected a name of its own, {first[name.value]} has it too")
        first.setdefault(name.value, rule.key)


def _conditions(rules: list[Node], vocabulary: Vocabulary) -> Iterator[Problem]:
    wrong: set[str] = set()
    for rule in rules:
        when = rule.get("when")
        for problem in comparison_problems(when, vocabulary) if when else ():
            wrong.add(rule.key)
            yield problem
    made = [None if rule.key in wrong else sound(rule, Rule) for rule in rules]
    for found in blocked([rule.when if rule else None for rule in made], vocabulary):
        yield _blocked_problem(found, rules)


def _blocked_problem(found: Blocked, rules: list[Node]) -> Problem:
    when = rules[found.place].entries["when"]
    if not found.by:
        return when.key_problem("can never hold, its comparisons contradict each other")
    names = [str(rules[place].entries["name"].value) for place in found.by]
    earlier = f"rule {names[0]} holds" if len(names) == 1 else f"rules {', '.join(names)} hold"
    return when.key_problem(f"unreachable: whenever it holds, {earlier} first")


def _unservable(root: Node, cards: Mapping[str, ModelCard]) -> Iterator[Problem]:
    bounds = sound(root.get("limits"), Limits) or Limits()
    for node in _routes(root):
        made: Route | None = sound(node, Rule if "when" in node.entries else Route)
        given = node.get("candidates")
        if made is None or given is None or made.candidates == "all":
            continue
        if any(name.value not in cards for name in _texts(given)):
            continue
        if any(True for _ in _unknown_specialities_of(node)):
            continue
        chosen = [name for name, card in cards.items() if selected(name, card, made.candidates)]
        limits = bounds.tightened(made.limits)
        if not chosen:
            yield given.problem("expected at least one model, the catalog has none such")
        elif not any(permitted(name, cards[name], limits) for name in chosen):
            yield given.problem(
                f"expected a model that the limits permit, {', '.join(chosen)} can never serve"
            )
