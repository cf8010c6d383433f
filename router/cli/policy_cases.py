"""slm-router policy test: runs the cases of policies and says what came out otherwise."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console
from rich.markup import escape

from router.cli.deciding import decider, default_path, request_of
from router.core.decision import Decision
from router.errors import InvalidRequest, PolicyFileError, RouterError, StartupError
from router.policyfile import CASES_SUFFIX, Case, LoadedCases, load_cases
from router.prices import bundled
from router.signals import SIGNALS, vocabulary


def run_cases(paths: Sequence[Path]) -> int:
    """Run all cases at these paths; 0 if there are any and all pass."""
    console = Console(soft_wrap=True, highlight=False)
    started = time.perf_counter()
    for path in paths:
        if not path.exists():
            raise StartupError(f"{path} does not exist.")
    files = [file for path in paths or [default_path()] for file in case_files(path)]
    if not files:
        console.print(f"No cases found. Write them beside the policy as <name>{CASES_SUFFIX}")
        return 1
    passed = failed = 0
    for file in files:
        console.print(f"[bold]{escape(str(file))}[/bold]")
        try:
            for case, faults in outcomes(load_cases(file, SIGNALS, vocabulary, bundled())):
                failed, passed = failed + bool(faults), passed + (not faults)
                _print(console, case, faults)
        except PolicyFileError as error:
            failed += len(error.problems)
            console.print(escape(str(error)))
    seconds = time.perf_counter() - started
    colour = "red" if failed else "green"
    console.print(f"\n[{colour}]{passed} passed, {failed} failed[/{colour}] in {seconds:.2f} s")
    return 1 if failed else 0


def case_files(path: Path) -> Iterator[Path]:
    """The case files of a folder or of a policy file; a case file is its own."""
    if path.is_dir():
        yield from sorted(path.glob(f"*{CASES_SUFFIX}"))
    elif path.name.endswith(CASES_SUFFIX):
        yield path
    elif (beside := path.with_name(path.stem + CASES_SUFFIX)).is_file():
        yield beside


def outcomes(loaded: LoadedCases) -> Iterator[tuple[Case, list[str]]]:
    """Every case with what came out otherwise than expected.

    No classifier judges: what it would say is given by the case, so that training a new one
    breaks no case.
    """
    for case in loaded.cases:
        try:
            yield case, list(_faults(case, _decision(loaded, case)))
        except RouterError as error:
            param = f"{error.param}: " if isinstance(error, InvalidRequest) and error.param else ""
            yield case, [f"request: {param}{error}"]


def _decision(loaded: LoadedCases, case: Case) -> Decision:
    policies = {loaded.loaded.policy.name: loaded.loaded}
    gateway = decider(policies, lambda _: None, case.signals)
    request = request_of(case.body, case.headers)
    if case.held is not None:
        request = replace(request, held=case.held.held)
    return asyncio.run(gateway.route(request, case.name, everything=True)).decision


def _faults(case: Case, decision: Decision) -> Iterator[str]:
    expected, choice = case.expect, decision.choice
    compared = {
        "served": (expected.served, choice is not None),
        "rule": (expected.rule, decision.rule),
        "model": (expected.model, choice.model if choice else "none"),
        "location": (expected.location, choice.location if choice else "none"),
    }
    for what, (wanted, got) in compared.items():
        if wanted is not None and wanted != got:
            yield f"{what}: expected {_said(wanted)}, got {_said(got)} ({decision.reason})"
    rejected = {rejection.model: rejection.code for rejection in decision.rejected}
    for model, code in expected.rejected.items():
        found = rejected.get(model)
        if found != code:
            passed = "a candidate" if model in decision.models else "no word of it"
            yield f"rejected.{model}: expected {code}, got {found or passed}"


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _print(console: Console, case: Case, faults: Sequence[str]) -> None:
    mark = "[red]FAIL[/red]" if faults else "[green]pass[/green]"
    console.print(f"  {mark}  {escape(case.name)}")
    for fault in faults:
        console.print(f"        {escape(fault)}")
