"""OpenAI's Node SDK and the Vercel AI SDK, run by Node against the gateway.

Where there is no Node these are skipped, and pytest says so; where there is one, `make test` has
installed what they need, and its absence is a failure.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.process import GatewayProcess

HERE = Path(__file__).with_name("node")
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed: its SDKs stay untried")

EACH = ("plain", "streamed", "tools", "structured")
OPENAI = [*EACH, "responses", "completions", "embeddings", "errors"]
AI = [f"{kind} {name}" for kind in ("chat", "responses") for name in EACH] + ["embeddings"]


@pytest.mark.parametrize(("script", "checks"), [("openai.mjs", OPENAI), ("ai.mjs", AI)])
def test_a_node_client_finds_everything_as_it_expects(
    gateway: GatewayProcess, script: str, checks: list[str]
) -> None:
    assert NODE is not None
    assert (HERE / "node_modules").is_dir(), "run: make test (or npm ci in tests/compat/node)"
    environment = {**os.environ, "AI_SDK_LOG_WARNINGS": "false"}
    run = subprocess.run(
        [NODE, HERE / script, f"{gateway.url}/v1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines() == checks
