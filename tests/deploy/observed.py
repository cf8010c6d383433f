"""A gateway under mixed traffic and the Prometheus that scrapes it: two processes."""

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from router.keyring import new_secret
from tests.deploy.metric_names import DEPLOY
from tests.deploy.promtool import needed
from tests.fakes.process import GatewayProcess, free_port, running_gateway

CONFIG = DEPLOY / "prometheus" / "prometheus.yml"
WAIT_S = 60.0

CATALOG = """\
upstreams:
  near: {kind: simulated, first_token: 1ms, tokens_per_second: 20000}
  flaky: {kind: simulated, first_token: 1ms, tokens_per_second: 20000, failing_share: 0.5}
  broken: {kind: simulated, failing_share: 1, retries: 1}
  far: {kind: simulated, first_token: 1ms, tokens_per_second: 20000}
models:
  small: {upstream: flaky, location: local, quality: 0.7, price: {usd_per_hour: 1}}
  large:
    upstream: far
    location: cloud
    quality: 0.9
    price: {input_usd_per_mtok: 2.5, output_usd_per_mtok: 10}
  unpriced: {upstream: near, location: cloud, quality: 0.5}
  hopeless: {upstream: broken, location: cloud, quality: 0.1}
"""
DEFAULT = """\
name: default
catalog: models.yaml
baseline: large
explore: 0.3
judging: {model: large, share: 1, shadow: 1}
rules:
  - {name: hard, when: {signal: complexity, at_least: 0.5}, strategy: {kind: best_quality}}
default: {strategy: {kind: cheapest_good_enough, min_quality: 0.6}}
"""
SECOND = DEFAULT.replace("name: default", "name: second", 1)
HASTY = (
    DEFAULT.replace("name: default", "name: hasty", 1) + "signals: {learned: {artifact: ./lost}}\n"
)
"""No classifier is there to judge, so its signal fails."""

PROMPTS = (
    "Hello",
    "Prove that the square root of two is irrational.",
    "What is the capital of France?",
    "\u4f60\u597d, \u8bf7\u95ee\u4eca\u5929\u661f\u671f\u51e0?",
    "Which torts does a landlord commit who enters without notice?",
    "Write a lock-free queue in C and show that it is linearizable.",
)


class Observed:
    """The two processes, and what a test asks of them."""

    def __init__(self, gateway: GatewayProcess, key: str, policies: Path, port: int) -> None:
        self.gateway = gateway
        self.policies = policies
        self.prometheus = f"http://127.0.0.1:{port}"
        self._key = key

    def query(self, expression: str) -> list[Any]:
        """The samples that Prometheus has for an expression now."""
        asked = urllib.parse.urlencode({"query": expression}).encode()
        told = _json(urllib.request.Request(f"{self.prometheus}/api/v1/query", asked))
        result = told["data"]["result"]
        return result if isinstance(result, list) else [result]

    def rules(self) -> list[dict[str, Any]]:
        """Every rule, with how its last evaluation went."""
        told = _json(urllib.request.Request(f"{self.prometheus}/api/v1/rules"))
        return [rule for group in told["data"]["groups"] for rule in group["rules"]]

    def exposition(self) -> bytes:
        """What the gateway tells Prometheus."""
        headers = {"authorization": f"Bearer {self._key}"}
        request = urllib.request.Request(f"{self.gateway.url}/metrics", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def mixed_traffic(self) -> None:
        """Routed, named, streamed, unpriced, failed, refused and hasty requests, and feedback."""
        asked: list[tuple[str, Mapping[str, str], bool]] = [
            (model, {}, stream)
            for model in ("auto", "auto:second", "auto:hasty", "small", "large", "unpriced")
            for stream in (False, True)
        ]
        asked.append(("auto", {"x-slm-router-max-cost-usd": "0"}, False))
        # Alone: among others it would find the circuit open, and nobody would be called again.
        self._ask(PROMPTS[0], "hopeless", {}, False)
        calls = [(prompt, *one) for prompt in PROMPTS for one in asked]
        with ThreadPoolExecutor(8) as pool:
            decided = [id for id in pool.map(lambda call: self._ask(*call), calls) if id]
        for at, id in enumerate(decided[:20]):
            self._post("/v1/feedback", {"decision": id, "score": (at % 4) / 3})
            self._post("/v1/feedback", {"decision": id, "word": "underpowered", "source": "judge"})

    def wait_until(self, holds: Callable[[], bool], what: str) -> None:
        """Until it holds; an AssertionError if it never does."""
        deadline = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < deadline, f"{what}\n{self.gateway.output}"
            time.sleep(0.1)

    def scraped_since(self, moment: float) -> None:
        """Wait until Prometheus has scraped twice after a moment (Unix seconds)."""
        self.wait_until(
            lambda: any(
                float(sample["value"][1]) > moment + 1 for sample in self.query("timestamp(up)")
            ),
            "Prometheus scrapes nothing",
        )

    def _ask(self, prompt: str, model: str, headers: Mapping[str, str], stream: bool) -> str | None:
        """Send a request; the id of its decision, if it was answered."""
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": stream}
        return self._post("/v1/chat/completions", body, headers)

    def _post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> str | None:
        sent = {"content-type": "application/json", "authorization": f"Bearer {self._key}"}
        request = urllib.request.Request(
            self.gateway.url + path, json.dumps(body).encode(), {**sent, **(headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()
                return str(answer.headers.get("x-slm-router-decision"))
        except urllib.error.HTTPError as error:
            error.close()
            return None


def _json(request: urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def config_for(gateway: GatewayProcess, key_file: Path) -> dict[str, Any]:
    """The shipped config, quicker, with this gateway's address and key."""
    config: dict[str, Any] = yaml.safe_load(CONFIG.read_text("utf-8"))
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    config["rule_files"] = [str(CONFIG.parent / pattern) for pattern in config["rule_files"]]
    (job,) = config["scrape_configs"]
    job["authorization"] = {"credentials_file": str(key_file)}
    job["static_configs"] = [{"targets": [f"127.0.0.1:{gateway.port}"]}]
    return config


@contextmanager
def observed(folder: Path) -> Iterator[Observed]:
    """A gateway that asks for keys, and a Prometheus that scrapes it twice a second."""
    program = needed("prometheus")
    policies, key, port = folder / "policies", new_secret(), free_port()
    policies.mkdir()
    for name, content in (("models", CATALOG), ("a", DEFAULT), ("b", SECOND), ("c", HASTY)):
        (policies / f"{name}.yaml").write_text(content)
    (folder / "key").write_text(key)
    arguments = ("--policy", str(policies), "--require-keys")
    environment = {"SLM_ROUTER_API_KEY": key}
    with running_gateway(folder / "state", *arguments, environment=environment) as gateway:
        config = folder / "prometheus.yml"
        config.write_text(yaml.safe_dump(config_for(gateway, folder / "key")))
        command = [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        made = Observed(gateway, key, policies, port)
        try:
            made.wait_until(lambda: _answers(f"{made.prometheus}/-/ready"), "no Prometheus")
            yield made
        finally:
            process.terminate()
            process.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False
