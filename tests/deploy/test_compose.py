"""The compose file by the specification's schema, and what it says by what it speaks of."""

import json
import re
import shlex
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from router.cli import main
from router.core.catalog import Catalog
from router.keyring import check_secret
from router.settings import Settings
from tests.deploy.metric_names import DEPLOY
from tests.deploy.promtool import promtool

FOLDER = DEPLOY / "compose"
README = (FOLDER / "README.md").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
POLICY = FOLDER / "policy" / "policy.yaml"
EXEC = "docker compose exec gateway slm-router "


def lines() -> list[str]:
    """The commands of the README."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def schema() -> Any:
    """The compose specification's schema, as check-jsonschema ships it."""
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    return json.loads(vendored.read_text("utf-8"))


def test_the_file_is_what_the_specification_asks_for() -> None:
    jsonschema.validate(COMPOSE, schema())


def test_a_misspelt_key_would_be_found() -> None:
    wrong = {**COMPOSE, "services": {"gateway": {"image": "x", "read_olny": True}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())


def test_images_are_of_one_version_each() -> None:
    others = {name: it["image"] for name, it in SERVICES.items() if "build" not in it}
    assert all(re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", image) for image in others.values())


def test_only_this_machine_reaches_the_ports() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_whoever_waits_for_a_healthy_service_can_learn_that_it_is() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            healthy = how["condition"] == "service_healthy"
            assert not healthy or "healthcheck" in SERVICES[other] or other == "gateway"


def test_every_file_that_is_mounted_is_there_and_is_not_written_to() -> None:
    mounts = [mount for it in SERVICES.values() for mount in it.get("volumes", ())]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    for mount in mounts:
        if mount.startswith("."):
            source, _, mode = mount.split(":")
            assert (FOLDER / source).exists() and mode == "ro"


def test_what_grafana_is_told_of_is_where_it_is_mounted() -> None:
    mounted = {mount.split(":")[1] for mount in SERVICES["grafana"]["volumes"]}
    provider = DEPLOY / "grafana" / "provisioning" / "dashboards" / "slm-router.yaml"
    assert yaml.safe_load(provider.read_text())["providers"][0]["options"]["path"] in mounted
    source = DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yaml"
    url = yaml.safe_load(source.read_text())["datasources"][0]["url"]
    assert url == "http://prometheus:9090" and "prometheus" in SERVICES


def test_its_scrape_config_is_the_shipped_one_but_for_address_and_key(tmp_path: Path) -> None:
    def read(file: Path) -> Any:
        return yaml.safe_load(file.read_text("utf-8"))

    ours, shipped = read(FOLDER / "prometheus.yml"), read(DEPLOY / "prometheus" / "prometheus.yml")
    (job,) = ours["scrape_configs"]
    (secret,) = SERVICES["prometheus"]["secrets"]
    assert job.pop("authorization") == {"credentials_file": f"/run/secrets/{secret}"}
    assert job["static_configs"] == [{"targets": ["gateway:7070"]}]
    job["static_configs"] = shipped["scrape_configs"][0]["static_configs"]
    assert ours == shipped


def test_its_scrape_config_is_one_that_prometheus_takes() -> None:
    checked = promtool("check", "config", "--syntax-only", FOLDER / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_its_variables_are_settings() -> None:
    ours = [name for name in SERVICES["gateway"]["environment"] if name.startswith("SLM_ROUTER_")]
    assert {
        name.removeprefix("SLM_ROUTER_").lower() for name in ours
    } <= Settings.model_fields.keys()


def test_its_policy_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "validate", str(POLICY)]) == 0, capsys.readouterr().out


def test_the_models_of_the_policy_are_those_that_are_fetched() -> None:
    content = yaml.safe_load(POLICY.read_text("utf-8"))
    catalog = Catalog.model_validate_json(
        json.dumps({name: content[name] for name in ("upstreams", "models")})
    )
    (command,) = SERVICES["models"]["command"]
    fetched = set(re.findall(r"ollama pull (\S+)", command))
    assert {catalog.served_name(name) for name in catalog.models} == fetched
    assert {card.location for card in catalog.models.values()} == {"local"}


def test_every_variable_that_is_asked_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (FOLDER / "compose.yaml").read_text()))
    shown = re.findall(r"^(\w+)=(.*)$", (FOLDER / ".env.example").read_text(), re.MULTILINE)
    assert {name for name, _ in shown} == asked
    assert all(value == "" for _, value in shown)


def test_every_command_of_the_readme_is_one_that_these_tests_try() -> None:
    known = ("printf ", "docker compose up ", ". ./.env && curl ", EXEC)
    assert [line for line in lines() if not line.startswith(known)] == []


def test_the_first_command_makes_a_key_that_is_taken(tmp_path: Path) -> None:
    (command,) = (line for line in lines() if line.startswith("printf "))
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, timeout=30)
    made = dict(line.split("=") for line in (tmp_path / ".env").read_text().splitlines())
    check_secret(made["SLM_ROUTER_API_KEY"])
    assert len(made["GRAFANA_PASSWORD"]) >= 24


def test_the_commands_in_the_gateway_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    commands = [line.removeprefix(EXEC) for line in lines() if line.startswith(EXEC)]
    assert len(commands) == 5
    for command in commands[:-1]:
        inside = command.replace("/etc/slm-router", str(POLICY.parent))
        assert main(shlex.split(inside)) == 0, capsys.readouterr().err
    told = capsys.readouterr().out
    assert "my-app" in told and "qwen2.5-7b" in told


def test_the_request_of_the_readme_is_one_to_the_gateways_port() -> None:
    (command,) = (line for line in lines() if "curl" in line)
    words = shlex.split(command.partition("&& ")[2])
    assert words[2] == "http://127.0.0.1:7070/v1/chat/completions"
    assert "authorization: Bearer $SLM_ROUTER_API_KEY" in words
    assert json.loads(words[-1])["model"] == "auto"
