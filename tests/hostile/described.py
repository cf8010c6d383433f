"""schemathesis against our own OpenAPI document: whatever it makes of it, well formed or not, is
answered as the document says.

    python -m tests.hostile.described --count 1800
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from router.api import ROUTES
from router.api.openapi import document
from router.app import create_app
from router.core.catalog import SimulatedSpec
from router.upstreams.simulated import Simulated
from tests.api.conftest import runtime_of
from tests.fakes.gateway import CATALOG, catalog, fake_gateway

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
SPEC = {"kind": "simulated", "first_token": "1ms", "tokens_per_second": 1e6}
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


@contextmanager
def application() -> Iterator[object]:
    """The gateway on simulated upstreams, in this process."""
    embedder = {**CATALOG["models"]["small"], "speaks": ["embeddings"]}
    models = {**CATALOG["models"], "embedder": embedder}
    data = {"upstreams": {"near": SPEC, "far": SPEC}, "models": models}
    spec = catalog(data).upstreams["near"]
    assert isinstance(spec, SimulatedSpec)
    upstream = Simulated(spec)
    gateway = fake_gateway({"near": upstream, "far": upstream}, catalog_data=data)
    with TestClient(create_app(runtime_of(gateway))) as client:
        yield client.app


def conforms(app: object, method: str, path: str, examples: int, start: int = 0) -> Counter[int]:
    """Try so many requests of one operation; how often each status was answered.

    Raises what schemathesis does at an answer that the document does not have. `start` is the seed.
    """
    schema = schemathesis.openapi.from_dict(described())
    schema.app = app
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
        told[case.call_and_validate(checks=CHECKS).status_code] += 1

    holds()
    return told


def main() -> int:
    """Try every operation, and print what was answered; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1800, help="requests in all, at least")
    parser.add_argument("--seed", type=int, default=1)
    given_ = parser.parse_args()
    each, told, wrong = -(-given_.count // len(OPERATIONS)), Counter[int](), 0
    with application() as app:
        for method, path in OPERATIONS:
            try:
                told += conforms(app, method, path, each, given_.seed)
            except Exception as error:  # noqa: BLE001  one finding must not hide the next
                wrong += 1
                print(f"{method} {path}: {error}", file=sys.stderr)
    print(f"tried: {sum(told.values())}, operations at fault: {wrong}, answers: {dict(told)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
