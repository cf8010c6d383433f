"""Policy files for tests: kinds of signals, a catalog, prices, and what is wrong with a text."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from router.core.catalog import ModelCard, UpstreamSpec
from router.core.signals import DOMAINS, TASKS, SignalSpec, Vocabulary
from router.core.units import Duration
from router.errors import PolicyFileError
from router.policyfile import LoadedPolicy, load
from router.ports import SignalKind

MODELS = """\
upstreams:
  here: {kind: openai_http, base_url: "http://127.0.0.1:11434/v1"}
  there: {kind: litellm, provider: anthropic, api_key_env: ANTHROPIC_API_KEY}
models:
  small: {upstream: here, location: local, quality: 0.6, price: {usd_per_hour: 0.02}}
  large: {upstream: there, location: cloud, quality: 0.9}
"""
HEAD = "name: test\ncatalog: models.yaml\n"
DEFAULT = "default: {strategy: {kind: best_quality}}\n"
RULE = "rules:\n  - name: a\n    strategy: {kind: best_quality}\n    "
"""A rule up to its next key; that key stands in line 6, column 5."""

VOCABULARY: Vocabulary = {
    "complexity": SignalSpec("number", "how hard", low=0, high=1, learned=True),
    "turns": SignalSpec("number", "how many", low=0),
    "private": SignalSpec("flag", "whether private"),
    "task": SignalSpec("text", "what to do", values=TASKS),
    "domain": SignalSpec("text", "what about", values=DOMAINS),
    "language": SignalSpec("text", "which language"),
}


class TimedOptions(BaseModel):
    """Options of the kind `timed`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    timeout: Duration = 0.1
    depth: int = 3


class NamedOptions(BaseModel):
    """Options of the kind `named`, which cannot do without."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    names: tuple[str, ...]


KINDS: Mapping[str, SignalKind] = {
    "timed": SignalKind(TimedOptions, lambda options: VOCABULARY),
    "named": SignalKind(
        NamedOptions, lambda options: {name: SignalSpec("flag", name) for name in options.names}
    ),
}


def vocabulary(options: Mapping[str, BaseModel]) -> Vocabulary:
    """The names of all kinds that have options."""
    return {
        name: spec
        for kind, made in options.items()
        for name, spec in KINDS[kind].vocabulary(made).items()
    }


class NoPrices:
    """Satisfies PriceCatalogue and knows nothing."""

    def resolve(self, name: str, card: ModelCard, upstream: UpstreamSpec) -> ModelCard:
        return card


def write(folder: Path, policy: str, models: str | None = MODELS) -> Path:
    """A policy file beside its catalog."""
    if models is not None:
        (folder / "models.yaml").write_text(models, encoding="utf-8")
    file = folder / "test.yaml"
    file.write_text(policy, encoding="utf-8")
    return file


def loaded(folder: Path, policy: str, models: str | None = MODELS) -> LoadedPolicy:
    """The policy as loaded."""
    return load(write(folder, policy, models), KINDS, vocabulary, NoPrices())


def problems(folder: Path, policy: str, models: str | None = MODELS) -> list[str]:
    """What is wrong, without the folder's name; nothing if all is well."""
    try:
        loaded(folder, policy, models)
    except PolicyFileError as error:
        return [str(problem).replace(f"{folder}/", "") for problem in error.problems]
    return []


def one_problem(folder: Path, policy: str, models: str = MODELS) -> str:
    """The only thing that is wrong."""
    (problem,) = problems(folder, policy, models)
    return problem
