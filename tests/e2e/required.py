"""What a distribution requires, put into another environment as it is installed in this one.

Rule: pip has resolved and unpacked it all once, when this environment was made from the same
constraints. To have it do so again takes a minute, and shows nothing else: what `make test` shows
of installing is shown by then, and `pip check` says whether anything is missing.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def required_by(wheel: Distribution) -> list[Distribution]:
    """All that it requires, and what that requires, each once."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(it, "") for it in wheel.requires or ()]
    while waiting:
        text, extra = waiting.pop()
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        found.setdefault(name, distribution(name))
        for of in {"", *wanted.extras}:
            if (name, of) not in seen:
                seen.add((name, of))
                waiting += [(it, of) for it in found[name].requires or ()]
    return list(found.values())


def put_into(site: Path, distributions: list[Distribution]) -> None:
    """Their packages, not their commands, into a folder of packages."""
    for source, to in _files(site, distributions):
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, to)
        except OSError:  # on another disk
            shutil.copy2(source, to)


def _files(site: Path, distributions: list[Distribution]) -> Iterator[tuple[Path, Path]]:
    for one in distributions:
        for file in one.files or ():
            source = Path(str(one.locate_file(file)))
            with suppress(FileNotFoundError):  # bytecode that another Python wrote
                if ".." not in file.parts and source.stat():
                    yield source, site / file
