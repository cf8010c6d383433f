"""slm-router: the command line. One file per command; a command's file loads when it is called.

Rule: nothing but the standard library is imported here, so that `slm-router --help` is instant.
"""

import argparse
import errno
import importlib
import signal
import sys
from collections.abc import Sequence
from typing import Protocol, cast

COMMANDS = {
    "serve": "start the gateway",
    "init": "write the models found on this machine as slm-router.yaml",
    "policy": "validate, explain and test policies",
    "log": "show recent decisions",
    "keys": "create, list and revoke the API keys of those who may call",
    "classify": "judge prompts: complexity, domain, task, language, private data, quality",
    "train": "learn a classifier from tables, or adapt the shipped one to your own labels",
    "calibrate": "set a policy's threshold so that a promise on quality or cost holds",
    "report": "tell what was saved, at what quality, and how sure that is",
    "evaluate": "measure a classifier beside simple baselines, with a report",
}
"""Command -> one line of help. Command `x-y` lives in `router/cli/x_y.py`, with
`add_arguments(parser)` and `run(arguments) -> exit code`."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (0 done, 1 refused or failed, 2 wrong usage)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["serve"]:
        # It waits, and does not end us, until there is somebody to read the policies again.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        return _run(words)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output left (`slm-router log | head`): nothing to tell anyone.
        sys.stderr.close()
        return 0
    except OSError as error:
        if error.errno not in _FULL:
            raise
        where = error.filename or "the output"
        print(f"slm-router: {where} cannot be written: {error.strerror}.", file=sys.stderr)
        # What is still to be flushed at the end cannot be written either.
        sys.stderr.close()
        return 1


def _run(words: Sequence[str]) -> int:
    parser = _parser(words)
    arguments = parser.parse_args(words)
    if arguments.command is None:
        parser.print_help()
        return 0
    from router.errors import RouterError

    try:
        return int(_module(arguments.command).run(arguments))
    except RouterError as error:
        print(f"slm-router: {error}", file=sys.stderr)
        return 1


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    from router import __version__

    parser = argparse.ArgumentParser(
        prog="slm-router",
        description="OpenAI-compatible gateway that sends each request to the cheapest model "
        "that is good enough.",
        epilog="Start with: slm-router serve",
    )
    parser.add_argument("--version", action="version", version=f"slm-router {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, line in COMMANDS.items():
        command = commands.add_parser(name, help=line, description=line.capitalize() + ".")
        if name in words:
            _module(name).add_arguments(command)
    return parser


def _module(command: str) -> "_Command":
    return cast("_Command", importlib.import_module(f"router.cli.{command.replace('-', '_')}"))


class _Command(Protocol):
    """The shape of a command's module."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; returns the exit code."""
        ...
