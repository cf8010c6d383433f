"""slm-router serve reads its settings from arguments and the environment, and says where."""

import argparse
from pathlib import Path

import pytest

from router.cli.serve import ARGUMENTS, add_arguments, settings_of
from router.errors import StartupError
from router.settings import Settings


def refusal(**given: object) -> str:
    with pytest.raises(StartupError) as refused:
        settings_of(argparse.Namespace(**given))
    return str(refused.value)


@pytest.mark.parametrize("name", ["log_level", "max_body_bytes", "shutdown_s"])
def test_a_wrong_setting_without_an_argument_is_mended_in_the_environment(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"SLM_ROUTER_{name.upper()}"
    monkeypatch.setenv(variable, "-1")

    assert refusal().endswith(f"Set it with {variable}.")


def test_a_wrong_setting_with_an_argument_names_it_as_it_is_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STORE_CONTENT", "maybe")

    assert "--store-content or SLM_ROUTER_STORE_CONTENT" in refusal()
    monkeypatch.delenv("SLM_ROUTER_STORE_CONTENT")
    assert "--port or SLM_ROUTER_PORT" in refusal(port=70_000)


def test_every_argument_is_a_setting_and_every_named_one_exists() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)

    assert set(vars(parser.parse_args([]))) == set(ARGUMENTS) <= set(Settings.model_fields)


def test_empty_variables_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    without = Settings()
    for name in Settings.model_fields:
        monkeypatch.setenv(f"SLM_ROUTER_{name.upper()}", "")

    assert Settings() == without
    assert Settings().policy is None


def test_arguments_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLM_ROUTER_POLICY", "there.yaml")

    assert settings_of(argparse.Namespace(policy=Path("here.yaml"))).policy == Path("here.yaml")
