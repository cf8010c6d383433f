"""schemathesis against our own OpenAPI document: whatever it makes of it, well formed or not, is
answered as the document says.

    python -m tests.hostile.described --count 1800
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from router.api import ROUTES
from router.api.openapi import document
from tests.fakes.process import running_gateway

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
NAMES = ("auto", "small", "large", "embedder")
"""What may stand in `model`: other names are all answered alike."""

OPERATIONS = [(route[0], route[1].replace(":path}", "}")) for route in ROUTES]


def described() -> dict[str, object]:
    """The document, with the models that there are."""
    told = json.loads(document((route[0], route[1]) for route in ROUTES))
    for operations in told["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                body["schema"]["properties"]["model"] = {"enum": NAMES}
    return dict(told)


POLICY = """
name: described
upstreams: {sim: {kind: simulated, first_token: 1ms, tokens_per_second: 1e9}}
models:
  small: {upstream: sim, location: local, quality: 0.7, capabilities: [tools]}
  large: {upstream: sim, location: cloud, quality: 0.9, capabilities: [tools]}
  embedder: {upstream: sim, location: local, quality: 0.5, speaks: [embeddings]}
default: {strategy: {kind: cheapest_good_enough, min_quality: 0.6}}
"""


@contextmanager
def gateway() -> Iterator[str]:
    """The address of a gateway in a process of its own, on simulated upstreams."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.yaml"
        file.write_text(POLICY, "utf-8")
        with running_gateway(Path(folder) / "state", "--policy", str(file)) as process:
            yield process.url


def conforms(address: str, method: str, path: str, examples: int, start: int = 0) -> Counter[int]:
    """Try so many requests of one operation; how often each status was answered.

    `start` is the seed. Raises what schemathesis does at an answer that the document does not have.
    """
    schema = schemathesis.openapi.from_dict(described())
    operation = schema[path][method]
    cases = operation.as_strategy(
        generation_mode=schemathesis.GenerationMode.POSITIVE
    ) | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
    told = Counter[int]()

    @seed(start)
    @settings(
        max_examples=examples,
        suppress_health_check=list(HealthCheck),
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
    )
    @given(case=cases)
    def holds(case: Any) -> None:
        told[case.call_and_validate(checks=CHECKS, base_url=address).status_code] += 1

    holds()
    return told


def main() -> int:
    """Try every operation of a gateway in a process of its own, and print what was answered; 1 if
    anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1800, help="requests in all, at least")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    told, wrong, start, open_ = Counter[int](), 0, asked.seed, list(OPERATIONS)
    with gateway() as address:
        while open_ and told.total() < asked.count:
            each, more = -(-(asked.count - told.total()) // len(open_)), []
            for method, path in open_:
                try:
                    answered = conforms(address, method, path, each, start)
                except Exception as error:  # noqa: BLE001  one finding must not hide the next
                    wrong += 1
                    print(f"{method} {path}: {error}", file=sys.stderr)
                    continue
                told += answered
                # Of one that takes no more than a name there are not so many requests to make.
                if answered.total() >= each:
                    more.append((method, path))
            open_, start = more, start + 1
    print(f"tried: {sum(told.values())}, operations at fault: {wrong}, answers: {dict(told)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
