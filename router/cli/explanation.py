"""An explained decision as tables for people: signals, rules, candidates, and who fell out."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from router.core.decision import Candidate
from router.core.outcomes import Compared, RuleOutcome
from router.core.policy import signals_read
from router.core.quality import quality_vocabulary
from router.gateway import Routed
from router.policyfile import LoadedPolicy
from router.signals import SIGNALS

_WORDS = {
    "is": "is",
    "is_not": "is not",
    "in": "in",
    "not_in": "not in",
    "at_least": "at least",
    "above": "above",
    "at_most": "at most",
    "below": "below",
}
_COLOURS = {"decides": "green", "not known": "yellow", "does not hold": "dim"}


def show(routed: Routed, rules: Sequence["RuleOutcome"], loaded: LoadedPolicy) -> None:
    """Print the whole explanation, the decision last."""
    console = Console(highlight=False)
    console.print(f"Policy [bold]{escape(routed.in_force.name_at_version)}[/bold] ({loaded.path})")
    held = routed.request.held
    if held is not None:
        told = f"{held.tokens} tokens of it in the cache, {held.idle_s:.0f} s ago"
        console.print(f"The conversation is with [bold]{escape(held.model)}[/bold]: {told}.")
    tables = (
        _signals(routed, loaded),
        _rules(routed, rules),
        _candidates(routed),
        _rejected(routed),
    )
    for table in tables:
        if table.row_count:
            console.print(table)
    decision = routed.decision
    if decision.choice:
        chosen = f"[bold green]{escape(decision.choice.model)}[/bold green]"
    else:
        chosen = "[bold red]no model[/bold red]"
    console.print(
        f"{chosen} by rule [bold]{escape(decision.rule)}[/bold]: {escape(decision.reason)}."
        f" Confidence {decision.confidence:.2f}."
    )


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _signals(routed: Routed, loaded: LoadedPolicy) -> Table:
    """Every name that a rule may use, in the order of the kinds; those that are read are marked."""
    read = signals_read(loaded.policy)
    table = _table("Signals (* read by this policy)", "Signal", "Value", "Meaning")
    for kind, options in loaded.options.items():
        failure = routed.failed_signals.get(kind)
        missing = f"[yellow]not known{f' ({escape(failure)})' if failure else ''}[/yellow]"
        for name, spec in SIGNALS[kind].vocabulary(options).items():
            value = routed.signals.get(name)
            shown = missing if value is None else escape(_value(value))
            mark = "*" if name in read else ""
            table.add_row(f"{escape(name)}{mark}", shown, escape(spec.meaning))
    for name, spec in quality_vocabulary(loaded.catalog.models).items():
        if (value := routed.signals.get(name)) is not None:
            table.add_row(f"{escape(name)}*", escape(_value(value)), escape(spec.meaning))
    return table


def _rules(routed: Routed, rules: Sequence["RuleOutcome"]) -> Table:
    table = _table("Rules, the first that holds decides", "Rule", "Outcome", "Because")
    if not routed.request.is_routed:
        return table
    for rule in rules:
        colour = _COLOURS.get(rule.verdict, "default")
        because = "\n".join(map(_comparison, rule.comparisons)) or "no rule above held"
        if rule.rule == "default" and rule.verdict != "decides":
            because = "a rule above held"
        table.add_row(escape(rule.rule), f"[{colour}]{rule.verdict}[/{colour}]", because)
    return table


def _comparison(compared: "Compared") -> str:
    operand = compared.operand
    wanted = ", ".join(map(_value, operand)) if isinstance(operand, tuple) else _value(operand)
    mark = {True: "[green]yes[/green]", False: "[red]no[/red] ", None: "[yellow]?[/yellow]  "}
    value = "not known" if compared.value is None else _value(compared.value)
    told = f"{compared.signal} {_WORDS[compared.operator]} {wanted}: it is {value}"
    return f"{mark[compared.holds]} {escape(told)}"


def _candidates(routed: Routed) -> Table:
    table = _table(
        "Candidates, best first",
        *("#", "Model", "Where", "Quality", "Foreseen by", "Cost in USD", "Latency", "Note"),
    )
    for rank, candidate in enumerate(routed.decision.candidates, start=1):
        cost = candidate.cost_usd
        table.add_row(
            str(rank),
            escape(candidate.model),
            candidate.location,
            f"{candidate.quality:.2f}",
            escape(routed.quality_source(candidate.model)),
            "not known" if cost is None else f"{cost:.6f}",
            f"{candidate.latency_s:.1f} s",
            _note(candidate),
        )
    return table


def _note(candidate: Candidate) -> str:
    notes = ["specialist"] if candidate.specialist else []
    if candidate.switch_cost_usd:
        notes.append(f"{candidate.switch_cost_usd:.6f} USD of cache lost")
    return ", ".join(notes)


def _rejected(routed: Routed) -> Table:
    table = _table("Not candidates", "Model", "Why", "In words")
    for rejection in routed.decision.rejected:
        table.add_row(escape(rejection.model), rejection.code, escape(rejection.detail))
    return table


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)
