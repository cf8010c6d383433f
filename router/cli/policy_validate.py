"""slm-router policy validate: every problem of the files named, then what is next."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from router.cli.deciding import default_path
from router.errors import PolicyFileError, Problem
from router.policyfile import (
    CASES_SUFFIX,
    is_catalog,
    load,
    load_cases,
    load_catalog,
    load_directory,
    policy_files,
)
from router.prices import bundled
from router.settings import Settings
from router.signals import SIGNALS, vocabulary


def validate(paths: Sequence[Path]) -> int:
    """Check files and folders; 0 if nothing is wrong."""
    console = Console(soft_wrap=True, highlight=False)
    problems: list[Problem] = []
    for path in paths or [default_path()]:
        for file in _files(path):
            try:
                console.print(f"[green]ok[/green]  {escape(str(file))}: {escape(_checked(file))}")
                for line in _certified(file):
                    console.print(f"    {line}")
            except PolicyFileError as error:
                problems.extend(error.problems)
        if path.is_dir():
            problems.extend(_folder_problems(path))
    for problem in dict.fromkeys(problems):
        place = f"{problem.file}:{problem.line}:{problem.column}"
        console.print(
            f"[bold]{escape(place)}[/bold]: [red]{escape(problem.key)}[/red]:"
            f" {escape(problem.expected)}"
        )
    return _next(console, len(dict.fromkeys(problems)))


def _next(console: Console, count: int) -> int:
    if count:
        console.print(f"\n{_counted(count, 'problem')}. What each key may hold: docs/policies.md")
        return 1
    console.print('\nNext: slm-router policy test, or slm-router policy explain "your prompt"')
    return 0


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(path.glob("*.yaml"))
    else:
        yield path


def _checked(file: Path) -> str:
    """What a sound file holds, in a few words. Raises PolicyFileError."""
    if file.name.endswith(CASES_SUFFIX):
        cases = load_cases(file, SIGNALS, vocabulary, bundled())
        return f"{_counted(len(cases.cases), 'case')} for {cases.loaded.policy.name}"
    if is_catalog(file):
        catalog = load_catalog(file, bundled())
        unpriced = [name for name, card in catalog.models.items() if card.price is None]
        more = f", no price known for {', '.join(unpriced)}" if unpriced else ""
        return f"catalog of {_counted(len(catalog.models), 'model')}{more}"
    loaded = load(file, SIGNALS, vocabulary, bundled())
    return (
        f"policy {loaded.policy.name}@{loaded.version},"
        f" {_counted(len(loaded.policy.rules), 'rule')},"
        f" {_counted(len(loaded.catalog.models), 'model')}"
    )


def _certified(file: Path) -> Iterator[str]:
    """What a sound policy file was calibrated to, and what speaks against it now."""
    if file.name.endswith(CASES_SUFFIX) or is_catalog(file):
        return
    loaded = load(file, SIGNALS, vocabulary, bundled())
    if loaded.policy.certificate is None:
        return
    from router.classifier import Classifiers, doubts, stated_version

    yield f"certified: {escape(str(loaded.policy.certificate))}"
    folder = Classifiers(Settings().artifact).folder_of(loaded)
    for doubt in doubts(loaded, stated_version(folder)):
        yield f"[yellow]warning[/yellow]: {escape(doubt)}"


def _folder_problems(folder: Path) -> Sequence[Problem]:
    """What is wrong between the policies of a folder, such as two of one name."""
    if not policy_files(folder):
        return ()
    try:
        load_directory(folder, SIGNALS, vocabulary, bundled())
    except PolicyFileError as error:
        return error.problems
    return ()


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
