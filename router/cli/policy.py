"""slm-router policy: validate, explain and test policies, and write their schemas."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands and their arguments."""
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    _with_paths(tasks, "validate", "check policies, catalogs and cases; names every problem")
    _with_paths(tasks, "test", "run the cases (<name>.cases.yaml) of policies")
    explain = tasks.add_parser("explain", help="show how a request would be decided, and why")
    explain.add_argument("prompt", nargs="?", help="what the user says")
    explain.add_argument(
        "--messages",
        type=Path,
        metavar="FILE.json",
        help="a list of messages, or a whole request body, in place of a prompt",
    )
    explain.add_argument("--policy", type=Path, metavar="PATH", help="policy file or folder")
    explain.add_argument(
        "--model", help="auto, auto:<policy>, or a model by name (default: the body's, else auto)"
    )
    explain.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="as a request's, such as local-only=true; may be repeated",
    )
    explain.add_argument(
        "--held",
        metavar="MODEL[=TOKENS]",
        help="as if the conversation were with this model, so much of it in the provider's cache",
    )
    explain.add_argument("--json", action="store_true", help="print JSON for machines")
    schema = tasks.add_parser("schema", help="print the JSON schema for editors")
    schema.add_argument("--catalog", action="store_true", help="that of a catalog file")
    schema.add_argument(
        "--write", type=Path, metavar="FOLDER", help="write both schemas into a folder"
    )


def _with_paths(
    tasks: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, line: str
) -> None:
    parser = tasks.add_parser(name, help=line)
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="files or folders (default: slm-router.yaml here, else policies/, else those shipped)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run one subcommand."""
    # Each loads what it needs only when it is asked for.
    if arguments.task == "validate":
        from router.cli.policy_validate import validate

        return validate(arguments.paths)
    if arguments.task == "test":
        from router.cli.policy_cases import run_cases

        return run_cases(arguments.paths)
    if arguments.task == "schema":
        from router.cli.policy_schema import schema

        return schema(arguments.catalog, arguments.write)
    from router.cli.policy_explain import explain

    return explain(arguments)
