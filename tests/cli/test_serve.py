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


@pytest.mark.parametrize(
    "origin",
    ["chat.example.org", "https://a.example/", "https://a.example/app", "null", "https://"],
)
def test_an_origin_that_no_browser_tells_is_refused_by_the_settings_name(
    origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLM_ROUTER_CORS_ORIGINS", f"http://localhost:3000, {origin}")

    told = refusal()
    assert told.startswith("cors_origins: expected origins such as https://chat.example.org")
    assert f"not {origin}. Set it with SLM_ROUTER_CORS_ORIGINS." in told


def test_origins_stand_with_commas_between_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLM_ROUTER_CORS_ORIGINS", "HTTPS://Chat.Example.org, app://obsidian.md,*,")

    found = settings_of(argparse.Namespace()).cors_origins
    assert found == ("https://chat.example.org", "app://obsidian.md", "*")


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
