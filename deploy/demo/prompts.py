"""The demo's prompts, as they stand in a file: one a line, with labels to count by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIFFICULTIES = ("easy", "medium", "hard")
LABELS = ("id", "domain", "task", "language", "difficulty")
BODY = ("messages", "tools", "response_format")
LOG_LIMIT = 1000


class DemoError(Exception):
    """Something that the reader can mend: shown as one message, without a traceback."""


@dataclass(frozen=True)
class Prompt:
    """One line of the prompts file: labels to count by, and the request body to send."""

    labels: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def headers(self) -> Mapping[str, str]:
        """What it is for, so that spending can be told apart by it."""
        return {"x-slm-router-tags": f"demo, task={self.labels['task']}"}


def load_prompts(path: Path, limit: int = LOG_LIMIT) -> list[Prompt]:
    """Read the first `limit` prompts; an error names file and line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    prompts = [_prompt(line, f"{path}:{i}") for i, line in enumerate(lines, 1) if line.strip()]
    if not prompts:
        raise DemoError(f"{path}: no prompts")
    return prompts[:limit]


def _prompt(line: str, where: str) -> Prompt:
    try:
        row = json.loads(line)
        labels = {key: row[key] for key in LABELS}
        if row["difficulty"] not in DIFFICULTIES or not row["messages"]:
            raise DemoError(f"{where}: difficulty must be easy, medium or hard; messages not empty")
        return Prompt(labels, body={key: row[key] for key in BODY if key in row})
    except json.JSONDecodeError as error:
        raise DemoError(f"{where}: not JSON: {error}") from error
    except (KeyError, TypeError) as error:
        raise DemoError(f"{where}: expected the keys {', '.join(LABELS)}, messages") from error
