"""Cases: `<name>.cases.yaml` beside a policy says what it must decide for which request.

    cases:
      - name: private data stays here
        request: {prompt: "My card is 4012 8888 8888 1881"}
        signals: {complexity: 0.9}
        expect: {location: local, rule: private-data, rejected: {gpt-4o: must_stay_local}}

They are held against the policy's own catalog, or one of their own: `catalog`, or `upstreams` and
`models`. What is under `signals` stands in for what would be extracted; null is "not known".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from router.core.catalog import Catalog, Location, ModelCard, UpstreamSpec
from router.core.decide import DEFAULT_RULE
from router.core.decision import RejectionCode
from router.core.quality import quality_vocabulary
from router.core.session import Held
from router.core.signals import SignalValue, Vocabulary
from router.core.units import Duration
from router.errors import PolicyFileError, Problem
from router.policyfile.comparisons import operand_problems
from router.policyfile.loaded import LoadedPolicy, PriceCatalogue
from router.policyfile.loading import CATALOG_KEYS, VocabularyOf, load, load_catalog
from router.policyfile.tree import Node, read
from router.policyfile.validation import did_you_mean, validated
from router.ports import SignalKind

CASES_SUFFIX = ".cases.yaml"


class _FromFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Expectation(_FromFile):
    """What must come out; only what is given is compared. `served: false`: no model at all."""

    model: str | None = None
    location: Location | None = None
    rule: str | None = None
    served: bool | None = None
    rejected: Mapping[str, RejectionCode] = {}

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expected model, location, rule, served or rejected")
        return self


class HeldBefore(_FromFile):
    """The model that a case's conversation is with: `tokens` of it cached, `idle` since then."""

    model: str
    tokens: int = Field(0, ge=0)
    idle: Duration = 1.0

    @property
    def held(self) -> Held:
        """As `decide` is given it."""
        return Held(self.model, self.tokens, self.idle)


class Case(_FromFile):
    """One request and what must be decided for it.

    `request` is the body of a chat completion; `prompt` stands for a single user message, and
    `model` is auto unless given. `headers` are the request's, such as x-slm-router-local-only.
    `held` says what the conversation is with, if it is not a new one.
    """

    name: str
    request: Mapping[str, Any]
    headers: Mapping[str, str] = {}
    signals: Mapping[str, SignalValue | None] = {}
    held: HeldBefore | None = None
    expect: Expectation

    @property
    def body(self) -> dict[str, Any]:
        """The request as a caller would send it."""
        body = {"model": "auto", **self.request}
        prompt = body.pop("prompt", None)
        if prompt is not None:
            body["messages"] = [{"role": "user", "content": prompt}]
        return body


class CasesFile(_FromFile):
    """A cases file. Without `policy`, the policy of the same name beside it is meant."""

    policy: str | None = None
    catalog: str | None = None
    upstreams: Mapping[str, UpstreamSpec] | None = None
    models: Mapping[str, ModelCard] | None = None
    cases: tuple[Case, ...] = Field(min_length=1)

    @property
    def own_catalog(self) -> Catalog | None:
        """The catalog written in the file, if there is one."""
        if self.upstreams is None or self.models is None:
            return None
        return Catalog(upstreams=self.upstreams, models=self.models)


@dataclass(frozen=True, slots=True)
class LoadedCases:
    """Cases with the policy that they are about."""

    path: Path
    loaded: LoadedPolicy
    cases: tuple[Case, ...]


def load_cases(
    path: Path,
    kinds: Mapping[str, SignalKind],
    vocabulary: VocabularyOf,
    prices: PriceCatalogue,
) -> LoadedCases:
    """The cases of a file. Raises PolicyFileError for what is wrong in it or in its policy."""
    document = read(path)
    if document.root is None:
        raise PolicyFileError(document.problems)
    root = document.root
    file, found = validated(root, CasesFile)
    problems = [*document.problems, *found, *_catalog_problems(root)]
    if file is None or problems:
        raise PolicyFileError(sorted(problems, key=lambda p: (p.line, p.column)))
    catalog = file.own_catalog
    if file.catalog is not None:
        catalog = load_catalog(path.parent / file.catalog, prices)
    policy = path.parent / (file.policy or path.name.replace(CASES_SUFFIX, ".yaml"))
    loaded = load(policy, kinds, vocabulary, prices, catalog)
    names = {**vocabulary(loaded.options), **quality_vocabulary(loaded.catalog.models)}
    problems = list(_problems(root, loaded, names))
    if problems:
        raise PolicyFileError(problems)
    return LoadedCases(path, loaded, file.cases)


def _catalog_problems(root: Node) -> Iterator[Problem]:
    own = root.only(CATALOG_KEYS).entries
    if root.get("catalog") is not None and own:
        yield root.entries["catalog"].key_problem(
            "expected either catalog or upstreams and models, not both"
        )
    for key in sorted(CATALOG_KEYS - own.keys()) if own else ():
        yield root.problem("required, expected a mapping (key: value)", under=key)


def _problems(root: Node, loaded: LoadedPolicy, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Names that do not exist, and values that a signal never has."""
    rules = [*(rule.name for rule in loaded.policy.rules), DEFAULT_RULE]
    models = loaded.catalog.models
    for case in root.entries["cases"].items:
        given = case.get("signals")
        for signal, node in (given.entries if given else {}).items():
            if signal in vocabulary:
                yield from operand_problems(node, signal, vocabulary[signal])
            else:
                near = did_you_mean(signal, vocabulary)
                yield node.key_problem(f"unknown signal {signal}{near}")
        yield from _unknown("rule", case.get("expect", "rule"), rules)
        yield from _unknown("model", case.get("expect", "model"), models)
        yield from _unknown("model", case.get("held", "model"), models)
        rejected = case.get("expect", "rejected")
        for model, node in (rejected.entries if rejected else {}).items():
            if model not in models:
                yield node.key_problem(f"unknown model {model}{did_you_mean(model, models)}")


def _unknown(what: str, node: Node | None, known: Any) -> Iterator[Problem]:
    if node is not None and node.value is not None and node.value not in known:
        near = did_you_mean(node.value, known) or f"; expected one of {', '.join(known)}"
        yield node.problem(f"unknown {what} {node.value}{near}")
