"""The gateways that are measured side by side: how each is started, and what it is asked for."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.load_generator import KEY, PATH
from tests.benchmarks.processes import PLACES

UPSTREAM_PORT, PORT = 9107, 8107
UPSTREAM = f"http://127.0.0.1:{UPSTREAM_PORT}/v1"

CATALOG = f"""
upstreams:
  mock: {{kind: openai_http, base_url: "{UPSTREAM}"}}
models:
  mock:
    upstream: mock
    location: cloud
    context_window: 128000
    price: {{input_usd_per_mtok: 0.15, output_usd_per_mtok: 0.6}}
    quality: 0.7
  mock-large:
    upstream: mock
    location: cloud
    context_window: 128000
    price: {{input_usd_per_mtok: 2.5, output_usd_per_mtok: 10}}
    quality: 0.9
"""
LITELLM = f"""
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_base: "{UPSTREAM}", api_key: sk-upstream}}
  - model_name: mock-large
    litellm_params: {{model: openai/mock-large, api_base: "{UPSTREAM}", api_key: sk-upstream}}
  - model_name: smart
    litellm_params:
      model: auto_router/complexity_router
      complexity_router_config:
        tiers: {{SIMPLE: mock, MEDIUM: mock, COMPLEX: mock-large, REASONING: mock-large}}
litellm_settings: {{telemetry: false}}
general_settings: {{master_key: {KEY}}}
"""


@dataclass(frozen=True)
class Gateway:
    """One set-up. `model` is what it is asked for; `command` has `{port}` where `port` belongs; it
    is empty for the upstream itself."""

    name: str
    model: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    cores: frozenset[int] = PLACES.gateway
    headers: tuple[str, ...] = ()
    streams: bool = True
    workers: int = 1
    port: int = PORT

    @property
    def words(self) -> tuple[str, ...]:
        """What starts it."""
        return tuple(word.format(port=self.port) for word in self.command)

    @property
    def url(self) -> str:
        """The endpoint that is asked."""
        return f"http://127.0.0.1:{self.port}{PATH}"


UPSTREAM_ITSELF = Gateway("no gateway", "mock", port=UPSTREAM_PORT)
MOCK = (sys.executable, "-m", "tests.benchmarks.mock_upstream", str(UPSTREAM_PORT))
"""What starts it."""


def ours(folder: Path, default_policy: Path) -> list[Gateway]:
    """The product: as `slm-router serve` runs it with keys, the default policy, log and metrics."""
    rules = [line for line in default_policy.read_text().splitlines() if "catalog:" not in line]
    policy = folder / "policy.yaml"
    policy.write_text("\n".join(rules) + CATALOG)
    served = (sys.executable, "-m", "router.cli", "serve", "--port", "{port}")
    command = (*served, "--policy", str(policy), "--require-keys")

    def environment(name: str) -> dict[str, str]:
        return {"SLM_ROUTER_STATE_DIR": str(folder / name), "SLM_ROUTER_API_KEY": KEY}

    several = (*command, "--workers", "2")
    two, both = environment("two"), PLACES.two_workers
    gateways = [
        Gateway("slm-router, routed", "auto", command, environment("routed")),
        Gateway("slm-router, named model", "mock", command, environment("named")),
        Gateway("slm-router, 2 workers", "auto", several, two, both, workers=2),
    ]
    if not PLACES.are_apart:
        # Two workers share their cores with those who ask them: to be compared with one that does.
        one = environment("one")
        gateways.append(Gateway("slm-router, routed, unpinned", "auto", command, one, both))
    return gateways


def floor() -> Gateway:
    """What FastAPI and aiohttp cost by themselves."""
    app = "tests.benchmarks.bare_gateway:app"
    command = (sys.executable, "-m", "uvicorn", "--factory", app, "--port", "{port}")
    quiet = ("--no-access-log", "--log-level", "warning")
    return Gateway("FastAPI + aiohttp", "mock", (*command, *quiet), {"UPSTREAM": UPSTREAM})


def litellm(folder: Path, environment: Path) -> list[Gateway]:
    """LiteLLM's proxy out of a virtual environment that has it: plain, and with its rule router."""
    config = folder / "litellm.yaml"
    config.write_text(LITELLM)
    where = ("--host", "127.0.0.1", "--port", "{port}", "--telemetry", "False")
    command = (str(environment / "bin" / "litellm"), "--config", str(config), *where)
    quiet = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "ERROR",
        "LITELLM_MODE": "PRODUCTION",
        "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
    }
    return [
        Gateway("LiteLLM, named model", "mock", command, quiet),
        Gateway("LiteLLM, rule router", "smart", command, quiet),
    ]


def portkey(folder: Path) -> Gateway:
    """Portkey's gateway out of a folder in which npm has installed it."""
    script = folder / "node_modules/@portkey-ai/gateway/build/start-server.js"
    command = ("node", str(script), "--port={port}", "--headless")
    return Gateway(
        "Portkey, named model",
        "mock",
        command,
        {"NODE_ENV": "production"},
        # As npm installs it, it answers streamed requests with 500 (its issue 1389).
        streams=False,
        headers=("x-portkey-provider: openai", f"x-portkey-custom-host: {UPSTREAM}"),
    )
