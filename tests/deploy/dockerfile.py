"""The Dockerfile as its tests read it, and its commands with the paths of this machine."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"


class Instruction(NamedTuple):
    """One instruction: its name in capitals, and what follows."""

    name: str
    value: str

    @property
    def words(self) -> list[str]:
        """Its command in exec form. Raises ValueError if it is not in that form."""
        found: list[str] = json.loads(self.value[self.value.index("[") :])
        return found


def instructions(content: str | None = None) -> list[Instruction]:
    """All of them in order, comments left out and continued lines joined."""
    text = DOCKERFILE.read_text("utf-8") if content is None else content
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    split = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [Instruction(name.upper(), value.strip()) for name, value in split]


def stages(content: str | None = None) -> list[list[Instruction]]:
    """The instructions of each stage, what stands before the first one left out."""
    found: list[list[Instruction]] = []
    for one in instructions(content):
        if one.name == "FROM":
            found.append([])
        if found:
            found[-1].append(one)
    return found


def environment() -> dict[str, str]:
    """What the final stage sets."""
    (env,) = (one.value for one in stages()[-1] if one.name == "ENV")
    return dict(re.findall(r"(\w+)=(\S+)", env))


def the(name: str) -> Instruction:
    """The one instruction of this name in the final stage."""
    (found,) = (one for one in stages()[-1] if one.name == name)
    return found


def here(words: Sequence[str], paths: Mapping[str, str]) -> list[str]:
    """A command with the image's paths replaced by this machine's; `python` is this one."""
    known = re.compile("|".join(map(re.escape, sorted(paths, key=len, reverse=True))))
    replaced = [known.sub(lambda found: paths[found[0]], word) for word in words]
    return [sys.executable if word == "python" else word for word in replaced]
