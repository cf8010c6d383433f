"""A folder of policy files: which they are, and all of them read at once."""

from collections.abc import Mapping
from pathlib import Path

from router.core.catalog import Catalog
from router.errors import PolicyFileError, Problem
from router.policyfile.cases import CASES_SUFFIX
from router.policyfile.loaded import LoadedPolicy, PriceCatalogue
from router.policyfile.loading import CATALOG_KEYS, VocabularyOf, load
from router.policyfile.tree import read
from router.ports import SignalKind


def load_directory(
    path: Path | str,
    kinds: Mapping[str, SignalKind],
    vocabulary: VocabularyOf,
    prices: PriceCatalogue,
    catalog: Catalog | None = None,
) -> dict[str, LoadedPolicy]:
    """Every policy of a folder by its name: all `*.yaml` but cases and catalogs.

    Raises PolicyFileError with the problems of all files, also where two policies share a name
    or the folder holds none.
    """
    loaded: dict[str, LoadedPolicy] = {}
    problems: list[Problem] = []
    files: list[str] = []
    for file in policy_files(Path(path)):
        try:
            found = load(file, kinds, vocabulary, prices, catalog)
        except PolicyFileError as error:
            problems.extend(error.problems)
            files.extend(error.files)
            continue
        first = loaded.setdefault(found.policy.name, found)
        if first is not found:
            words = f"expected a name of its own, {first.path.name} has {found.policy.name} too"
            problems.append(_name_problem(file, words))
    if problems:
        raise PolicyFileError(tuple(dict.fromkeys(problems)), tuple(dict.fromkeys(files)))
    if not loaded:
        raise PolicyFileError(
            [Problem(str(path), 1, 1, "file", "expected a folder with a policy (*.yaml)")]
        )
    return loaded


def policy_files(folder: Path) -> tuple[Path, ...]:
    """The folder's policy files by name: neither cases nor catalogs."""
    found = sorted(file for file in folder.glob("*.yaml") if not file.name.endswith(CASES_SUFFIX))
    return tuple(file for file in found if not is_catalog(file))


def is_catalog(file: Path) -> bool:
    """Whether a file holds models or upstreams and nothing of a policy."""
    root = read(file).root
    keys = root.entries.keys() if root else set()
    return bool(CATALOG_KEYS & keys) and not keys & {"name", "default", "rules"}


def _name_problem(file: Path, words: str) -> Problem:
    root = read(file).root
    node = root.get("name") if root else None
    return node.problem(words) if node else Problem(str(file), 1, 1, "name", words)


def shipped_policies() -> Path:
    """The folder of the policies that come with slm-router, in a wheel or in the repository."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "shipped_policies"
    return installed if installed.is_dir() else package.parent / "policies"
