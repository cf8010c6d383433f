"""One gateway process for all clients, on simulated upstreams: two models and an embedder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.process import GatewayProcess, running_gateway

POLICY = """
name: default
upstreams:
  near: {kind: simulated, first_token: 1ms, tokens_per_second: 20000}
models:
  sim-small:
    upstream: near
    location: local
    context_window: 128000
    capabilities: [tools, json_schema, vision, audio, files]
    price: {input_usd_per_mtok: 0.05, output_usd_per_mtok: 0.2}
    quality: 0.72
  sim-large:
    upstream: near
    location: cloud
    context_window: 128000
    capabilities: [tools, json_schema, vision, audio, files]
    price: {input_usd_per_mtok: 2.5, output_usd_per_mtok: 10.0}
    quality: 0.93
  sim-embedder:
    upstream: near
    location: local
    speaks: [embeddings]
    price: {input_usd_per_mtok: 0.02, output_usd_per_mtok: 0}
    quality: 0.5
default:
  strategy: {kind: cheapest_good_enough, min_quality: 0.7}
"""


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    state: Path = tmp_path_factory.mktemp("state")
    policy = state / "compat.yaml"
    policy.write_text(POLICY, "utf-8")
    with running_gateway(state, "--policy", str(policy)) as process:
        yield process
