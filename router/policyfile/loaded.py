"""LoadedPolicy: a policy file with everything it needs to decide, and the version that says so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, Field

from router.core.catalog import Catalog, ModelCard, ModelName, UpstreamSpec
from router.core.policy import Policy

VERSION_DIGITS = 8


class PolicyFile(Policy):
    """A policy file: the policy, and either `catalog` or `upstreams` and `models`.

    `catalog` is the path of a catalog file, from the policy file's own folder.
    """

    catalog: str | None = Field(None, min_length=1)
    upstreams: Mapping[str, UpstreamSpec] | None = None
    models: Mapping[ModelName, ModelCard] | None = None

    @property
    def policy(self) -> Policy:
        """The policy alone."""
        return Policy.model_validate({key: getattr(self, key) for key in Policy.model_fields})


class PriceCatalogue(Protocol):
    """What is publicly known of models: prices, windows, capabilities."""

    def resolve(self, name: str, card: ModelCard, upstream: UpstreamSpec) -> ModelCard:
        """The card with what it left out filled in, as far as that is known."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy ready to decide with.

    `options` holds each signal kind's options, defaults filled in. `version` changes whenever
    anything changes that a decision may depend on. `files` are all files that were read.
    """

    policy: Policy
    catalog: Catalog
    options: Mapping[str, BaseModel]
    version: str
    path: Path
    files: tuple[Path, ...]


def version_of(policy: Policy, catalog: Catalog, options: Mapping[str, BaseModel]) -> str:
    """Eight hexadecimal digits over the content: not over comments, order of keys or layout."""
    # What says nothing stays out: files of before it was known keep their version.
    # Nor does a version begin anew with how much is judged: what its rules saved stays one figure.
    without = {"signals", "certificate", "judging"} | (set() if policy.tags_from else {"tags_from"})
    content = {
        "policy": policy.model_dump(mode="json", by_alias=True, exclude=without),
        "catalog": catalog.model_dump(mode="json", by_alias=True),
        "signals": {kind: made.model_dump(mode="json") for kind, made in options.items()},
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:VERSION_DIGITS]


def with_baseline(policy: Policy, catalog: Catalog) -> Policy:
    """The policy with its baseline filled in: the best model, among equals one with a price.

    Of those that converse: one that makes embeddings or pictures alone is nobody's alternative.
    """
    answering = catalog.conversing
    if policy.baseline is not None or not answering:
        return policy
    best = max(
        answering,
        key=lambda name: (
            catalog.models[name].quality.overall,
            catalog.models[name].price is not None,
        ),
    )
    return policy.model_copy(update={"baseline": best})
