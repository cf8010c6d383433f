"""init: what it writes loads again as what was found, says its assumptions and holds no key."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from router import policyfile
from router.cli import init, main
from router.core.catalog import Catalog
from router.policyfile import LoadedPolicy
from router.prices import bundled
from router.signals import SIGNALS, vocabulary
from router.upstreams.discovery import Discovery, discover
from router.upstreams.local_cards import LocalModel
from router.upstreams.providers import PROVIDERS
from router.upstreams.simulated import simulated_catalog

HOSTILE_NAME = 'a "b": {c} - #\\é: !x &y *z'


def local_catalog(*names: str) -> Catalog:
    spec: dict[str, Any] = {"kind": "openai_http", "base_url": "http://127.0.0.1:11434/v1"}
    cards = {name: LocalModel(name, "ollama", 4096).card("ollama") for name in names}
    return Catalog.model_validate({"upstreams": {"ollama": spec}, "models": cards})


def loaded(discovery: Discovery, path: Path) -> LoadedPolicy:
    path.write_text(init.policy_text(discovery, path), encoding="utf-8")
    return policyfile.load(path, SIGNALS, vocabulary, bundled())


async def test_simulated_models_load_again_as_they_are(tmp_path: Path) -> None:
    discovery = Discovery(simulated_catalog())
    assert loaded(discovery, tmp_path / "p.yaml").catalog == discovery.catalog


async def test_every_provider_loads_again_with_prices_of_the_catalogue(tmp_path: Path) -> None:
    discovery = await discover({p.variable: "sk-canary" for p in PROVIDERS}, [])
    catalog = loaded(discovery, tmp_path / "p.yaml").catalog
    assert catalog.upstreams == discovery.catalog.upstreams
    assert list(catalog.models) == list(discovery.catalog.models)
    assert all(card.price is not None for card in catalog.models.values())


@pytest.mark.parametrize(
    "name", ["llama3.1:8b", "qwen2.5-coder:7b", "llava:7b", "yes", "null", "1e3", HOSTILE_NAME]
)
async def test_a_local_model_loads_again_as_it_is_whatever_its_name(
    tmp_path: Path, name: str
) -> None:
    discovery = Discovery(local_catalog(name))
    made = loaded(discovery, tmp_path / "p.yaml").catalog.models[name]
    expected = discovery.catalog.models[name]
    assert made.model_copy(update={"upstream_model": name}) == expected.model_copy(
        update={"max_output_tokens": made.max_output_tokens}
    )


@given(st.text(min_size=1))
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    if any(0xD800 <= ord(character) < 0xE000 for character in text):
        return
    assert yaml.safe_load(init.scalar(text)) == text


@pytest.mark.parametrize(
    ("seconds", "written"), [(0.02, "20ms"), (0.5, "500ms"), (1, "1s"), (300, "300s")]
)
def test_a_duration_is_written_with_its_unit(seconds: float, written: str) -> None:
    assert init.duration(seconds) == written


def test_assumptions_are_called_so(tmp_path: Path) -> None:
    text = init.policy_text(Discovery(local_catalog("llama3.1:8b")), tmp_path / "p.yaml")
    assert "ASSUMED: 130 W at 0.30 USD a kWh" in text
    assert "ASSUMPTIONS" in text
    assert "assumed by name and kind of server" in text


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without servers, with one provider's key, and a directory to write in."""

    async def none_but_keys(environment: Any) -> Discovery:
        return await discover(environment, [])

    for provider in PROVIDERS:
        monkeypatch.delenv(provider.variable, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    monkeypatch.setattr(init, "discover", none_but_keys)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_the_file_and_says_what_comes_next(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    told = capsys.readouterr().out
    assert "slm-router serve --policy slm-router.yaml" in told
    text = (alone / "slm-router.yaml").read_text()
    assert "gpt-4.1-mini" in text
    assert "speaks: [embeddings] # by name: it is never chosen" in text
    assert "baseline: gpt-4.1\n" in text
    assert "api_key_env: OPENAI_API_KEY" in text
    assert "sk-canary" not in text + told


def test_an_existing_file_is_kept_unless_forced(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = alone / "mine.yaml"
    file.write_text("precious")
    assert main(["init", "--output", str(file)]) == 1
    assert file.read_text() == "precious"
    assert "--force" in capsys.readouterr().err
    assert main(["init", "--output", str(file), "--force"]) == 0
    assert file.read_text() != "precious"


def test_a_place_that_cannot_be_written_is_told_without_a_traceback(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--output", str(alone / "no" / "p.yaml")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_with_nothing_found_the_file_holds_simulated_models_and_says_so(
    alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert main(["init"]) == 0
    assert "simulated models" in capsys.readouterr().out
    assert "kind: simulated" in (alone / "slm-router.yaml").read_text()
