"""docs/policies.md: every example is read by the code, and nothing that may be written is left out.

A fenced block says after `yaml` what it holds; fragments are put into a whole policy.
"""

import re
import textwrap
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from router.cli.policy_cases import outcomes
from router.core.catalog import (
    Catalog,
    Latency,
    LiteLLMSpec,
    ModelCard,
    OpenAIHTTPSpec,
    Price,
    Quality,
    SimulatedSpec,
    Specialities,
)
from router.core.decision import RejectionCode
from router.core.judging import Judging
from router.core.limits import Limits, PolicyLimits
from router.core.policy import Operator, Rule, Selector
from router.core.session import Sessions, Stick
from router.core.strategies import STRATEGIES
from router.policyfile import PolicyFile, load, load_cases
from router.policyfile.cases import Case, CasesFile, Expectation, HeldBefore
from router.prices import bundled
from router.signals import SIGNALS, vocabulary

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"
BLOCK = re.compile(r"^```yaml (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES: list[tuple[str, str]] = BLOCK.findall(TEXT)
DEFAULT = "default: {strategy: {kind: best_quality}}\n"


def indented(text: str) -> str:
    return textwrap.indent(text, "  ")


def whole(kind: str, text: str) -> str:
    """A policy around an example."""
    if kind == "policy":
        return text
    if kind == "rules":
        return f"rules:\n{indented(text)}{DEFAULT}"
    if kind == "limits":
        return f"limits:\n{indented(text)}{DEFAULT}"
    rules = (
        f"  - {{name: r{place}, when: {{signal: turns, is: {place}}},"
        f" strategy: {line.removeprefix('- ')}}}\n"
        for place, line in enumerate(text.splitlines())
    )
    return f"rules:\n{''.join(rules)}{DEFAULT}"


def example(kind: str) -> str:
    return next(text for found, text in EXAMPLES if found == kind)


@pytest.mark.parametrize(("kind", "text"), EXAMPLES)
def test_an_example_is_sound(tmp_path: Path, kind: str, text: str) -> None:
    (tmp_path / "models.yaml").write_text(example("catalog"))
    policy = example("policy") if kind in ("catalog", "cases") else whole(kind, text)
    if not policy.startswith("name:"):
        policy = f"name: home\ncatalog: models.yaml\n{policy}"
    (tmp_path / "home.yaml").write_text(policy)
    found = load(tmp_path / "home.yaml", SIGNALS, vocabulary, bundled())
    assert list(found.catalog.models) == ["small", "coder", "large"]
    if kind == "cases":
        (tmp_path / "home.cases.yaml").write_text(text)
        loaded = load_cases(tmp_path / "home.cases.yaml", SIGNALS, vocabulary, bundled())
        assert [faults for _, faults in outcomes(loaded)] == [[], [], [], []]


def test_there_is_an_example_of_everything() -> None:
    kinds = {"policy", "rules", "strategies", "limits", "catalog", "cases"}
    assert {kind for kind, _ in EXAMPLES} == kinds


@pytest.mark.parametrize(
    "model",
    [
        PolicyFile,
        Rule,
        Selector,
        Limits,
        PolicyLimits,
        Sessions,
        Judging,
        HeldBefore,
        Catalog,
        ModelCard,
        Price,
        Quality,
        Specialities,
        Latency,
        OpenAIHTTPSpec,
        LiteLLMSpec,
        SimulatedSpec,
        Case,
        CasesFile,
        Expectation,
        *STRATEGIES.values(),
    ],
)
def test_every_key_is_told(model: type[BaseModel]) -> None:
    assert [key for key in model.model_fields if not re.search(rf"\b{key}\b", TEXT)] == []


def test_every_operator_strategy_and_rejection_is_told() -> None:
    names = (*get_args(Operator), *STRATEGIES, *get_args(RejectionCode), *get_args(Stick))
    assert [name for name in names if f"`{name}`" not in TEXT] == []
