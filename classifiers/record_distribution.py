"""Records what training looked like in an artifact from before that was recorded.

    python -m classifiers.record_distribution FOLDER --data DATA

Rule: nothing else of the artifact changes but its version.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from classifiers import artifact
from classifiers.artifact import Manifest
from classifiers.card import write_card
from classifiers.dataset import Example
from classifiers.distribution import DISTRIBUTION, distribution_of
from classifiers.prompt_classifier import PromptClassifier
from classifiers.train import read_tables


def record(folder: Path, tables: Mapping[str, Sequence[Example]]) -> Manifest:
    """Write the distribution into an artifact's manifest, which has another version by that.

    Raises ArtifactError for an artifact that cannot be read.
    """
    manifest, files = artifact.load(folder)
    body = {name: it for name, it in manifest.body.items() if name not in ("format", "files")}
    found = distribution_of(PromptClassifier.load(folder), tables)
    return artifact.save(folder, {**body, DISTRIBUTION: found}, files)


def main() -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    print(record(given.folder, read_tables(given.data)).version)
    write_card(given.folder)


if __name__ == "__main__":
    main()
