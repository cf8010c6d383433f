"""Every error of the library.

ClassifierError
├── ArtifactError        a stored classifier or model is damaged, tampered with, or unfit
├── DataError            a training table lacks what it must have
└── MissingExtraError    an optional dependency is not installed (also an ImportError)
"""

from __future__ import annotations

from pathlib import Path


class ClassifierError(Exception):
    """Base of every error raised on purpose by this library."""


class ArtifactError(ClassifierError):
    """A stored classifier or model cannot be trusted or read; names the file and what to do."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}")


class DataError(ClassifierError):
    """A training table lacks a column, a class or rows."""


class MissingExtraError(ClassifierError, ImportError):
    """An optional dependency is needed; names the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f'{what} is not installed: pip install "slm-router[{extra}]"')
