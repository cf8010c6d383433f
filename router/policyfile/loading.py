"""load: one policy file, with its catalog and its signals' options."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ValidationError

from router.core.catalog import Catalog
from router.core.signals import Vocabulary
from router.errors import PolicyFileError, Problem
from router.policyfile.catalog_checks import catalog_problems
from router.policyfile.checks import Facts, checked
from router.policyfile.loaded import (
    LoadedPolicy,
    PolicyFile,
    PriceCatalogue,
    version_of,
    with_baseline,
)
from router.policyfile.tree import Node, parse, read
from router.policyfile.validation import did_you_mean, validated
from router.ports import SignalKind

CATALOG_KEYS = frozenset({"upstreams", "models"})

VocabularyOf = Callable[[Mapping[str, BaseModel]], Vocabulary]


@dataclass(frozen=True, slots=True)
class _CatalogFound:
    """The catalog that a policy is held against: its tree (None if given by code) and itself."""

    node: Node | None
    catalog: Catalog | None


@dataclass
class _Reading:
    """One policy file being read: what is wrong so far, and the files read or looked for."""

    path: Path
    kinds: Mapping[str, SignalKind]
    vocabulary: VocabularyOf
    catalog: Catalog | None
    text: str | None = None
    problems: list[Problem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def tree(self, path: Path) -> Node | None:
        """A file's tree; its problems of form are kept. `text` stands in for the policy file's."""
        instead = self.text if path == self.path else None
        document = read(path) if instead is None else parse(instead, str(path))
        self.files.append(path)
        self.problems.extend(document.problems)
        return document.root

    def catalog_of(self, root: Node) -> _CatalogFound:
        """The catalog given by code, else the file's own, else the file that it names."""
        if self.catalog is not None:
            return _CatalogFound(None, self.catalog)
        named, own = root.get("catalog"), root.only(CATALOG_KEYS)
        if named is not None and named.value is not None and own.entries:
            self.problems.append(
                named.key_problem("expected either catalog or upstreams and models, not both")
            )
            return _CatalogFound(None, None)
        if named is None or named.value is None:
            return self._own(root, own)
        if not isinstance(named.value, str):
            return _CatalogFound(None, None)
        return self._named(named, named.value)

    def _own(self, root: Node, own: Node) -> _CatalogFound:
        for key in sorted(CATALOG_KEYS - own.entries.keys()):
            if own.entries:
                self.problems.append(
                    root.problem("required, expected a mapping (key: value)", under=key)
                )
        if not own.entries:
            words = "required, expected the path of a catalog file (or upstreams and models here)"
            self.problems.append(root.problem(words, under="catalog"))
            return _CatalogFound(None, None)
        catalog, problems = validated(own, Catalog)
        self.problems.extend(problems)
        return _CatalogFound(own, catalog)

    def _named(self, named: Node, path: str) -> _CatalogFound:
        file = self.path.parent / path
        if not file.is_file():
            self.files.append(file)
            self.problems.append(named.problem(f"expected a file that exists, not {file}"))
            return _CatalogFound(None, None)
        node = self.tree(file)
        if node is None:
            return _CatalogFound(None, None)
        catalog, problems = validated(node, Catalog)
        self.problems.extend(problems)
        return _CatalogFound(node, catalog)

    def options(self, root: Node) -> tuple[dict[str, BaseModel], bool]:
        """Every signal kind's options, and whether all that the file gives are sound."""
        given = root.get("signals")
        entries = given.entries if given else {}
        before = len(self.problems)
        made: dict[str, BaseModel] = {}
        for name, node in entries.items():
            if name not in self.kinds:
                near = did_you_mean(name, self.kinds) or f"; expected {', '.join(self.kinds)}"
                self.problems.append(node.key_problem(f"unknown kind of signal{near}"))
        for name, kind in self.kinds.items():
            found, problems = _options_of(kind, entries.get(name))
            self.problems.extend(problems)
            if found is not None:
                made[name] = found
        return made, len(self.problems) == before

    def refuse_if_wrong(self) -> None:
        """Raise PolicyFileError with all that was found, in file order."""
        if self.problems:
            order = {str(file): place for place, file in enumerate(self.files)}
            self.problems.sort(key=lambda p: (order.get(p.file, 0), p.line, p.column))
            raise PolicyFileError(tuple(dict.fromkeys(self.problems)), tuple(map(str, self.files)))


def _options_of(kind: SignalKind, node: Node | None) -> tuple[BaseModel | None, Iterable[Problem]]:
    if node is not None:
        return validated(node, kind.options)
    try:
        return kind.options(), ()
    except ValidationError:
        # A kind that cannot work without options is simply not there until they are given.
        return None, ()


def load(
    path: Path | str,
    kinds: Mapping[str, SignalKind],
    vocabulary: VocabularyOf,
    prices: PriceCatalogue,
    catalog: Catalog | None = None,
) -> LoadedPolicy:
    """The policy in a file, held against the catalog that the file names or holds.

    A `catalog` given here stands in for the file's. Raises PolicyFileError with every problem of
    the policy file and its catalog file.
    """
    return _load(_Reading(Path(path), kinds, vocabulary, catalog), prices)


def load_text(
    text: str,
    path: Path,
    kinds: Mapping[str, SignalKind],
    vocabulary: VocabularyOf,
    prices: PriceCatalogue,
    catalog: Catalog | None,
) -> LoadedPolicy:
    """`load`, of what the file at `path` would be with this text in it. Nothing is written, and of
    other files only the catalog that the text names is read, unless one is given here."""
    return _load(_Reading(path, kinds, vocabulary, catalog, text), prices)


def _load(reading: _Reading, prices: PriceCatalogue) -> LoadedPolicy:
    root = reading.tree(reading.path)
    if root is None:
        reading.refuse_if_wrong()
        raise AssertionError("a file without a tree has a problem")
    file, problems = validated(root, PolicyFile)
    reading.problems.extend(problems)
    found = reading.catalog_of(root)
    options, sound = reading.options(root)
    facts = Facts.of(found.node, found.catalog, reading.vocabulary(options) if sound else None)
    reading.problems.extend(checked(root, facts))
    reading.refuse_if_wrong()
    assert file is not None and found.catalog is not None
    return _loaded(file, found.catalog, options, prices, reading)


def load_catalog(path: Path | str, prices: PriceCatalogue) -> Catalog:
    """The catalog in a file of its own. Raises PolicyFileError with every problem."""
    document = read(Path(path))
    if document.root is None:
        raise PolicyFileError(document.problems)
    catalog, problems = validated(document.root, Catalog)
    problems = [*document.problems, *problems, *catalog_problems(document.root)]
    if catalog is None or problems:
        raise PolicyFileError(sorted(problems, key=lambda p: (p.line, p.column)))
    return _resolved(catalog, prices)


def _resolved(catalog: Catalog, prices: PriceCatalogue) -> Catalog:
    cards = {
        name: prices.resolve(name, card, catalog.upstream_of(name))
        for name, card in catalog.models.items()
    }
    return catalog.model_copy(update={"models": cards})


def _loaded(
    file: PolicyFile,
    catalog: Catalog,
    options: Mapping[str, BaseModel],
    prices: PriceCatalogue,
    reading: _Reading,
) -> LoadedPolicy:
    priced = _resolved(catalog, prices)
    policy = with_baseline(file.policy, priced)
    return LoadedPolicy(
        policy=policy,
        catalog=priced,
        options=options,
        version=version_of(policy, priced, options),
        path=reading.path,
        files=tuple(reading.files),
    )
