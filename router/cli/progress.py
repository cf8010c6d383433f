"""Steps of a long command, told on stderr: a bar on a terminal, else one line a step."""

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Steps:
    """A bar of `total` steps."""

    def __init__(self, total: int) -> None:
        self._console = Console(stderr=True)
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, TextColumn("{task.description}"), console=self._console)
        self._task = self._bar.add_task("", total=total)
        self._begun = False

    def tell(self, step: str) -> None:
        """A step begins, so the one before it is done."""
        if self._begun:
            self._bar.advance(self._task)
        self._begun = True
        self._bar.update(self._task, description=step)
        if not self._console.is_terminal:
            print(f"{step} ...", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._bar.advance(self._task)
        self._bar.stop()
