"""schemathesis against our own OpenAPI document: whatever it sends, well formed or not, is answered
as the document says, and never with a fault of ours."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
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

EXAMPLES = 8
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
SPEC = {"kind": "simulated", "first_token": "1ms", "tokens_per_second": 1e6}
NAMES = ("auto", "small", "large", "embedder")
"""What may stand in `model`: other names are all answered alike."""


def described() -> dict[str, object]:
    told = json.loads(document((route[0], route[1]) for route in ROUTES))
    for operations in told["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                body["schema"]["properties"]["model"] = {"enum": NAMES}
    return dict(told)


@pytest.fixture(scope="module")
def app() -> Iterator[object]:
    embedder = {**CATALOG["models"]["small"], "speaks": ["embeddings"]}
    models = {**CATALOG["models"], "embedder": embedder}
    data = {"upstreams": {"near": SPEC, "far": SPEC}, "models": models}
    spec = catalog(data).upstreams["near"]
    assert isinstance(spec, SimulatedSpec)
    upstream = Simulated(spec)
    gateway = fake_gateway({"near": upstream, "far": upstream}, catalog_data=data)
    with TestClient(create_app(runtime_of(gateway))) as client:
        yield client.app


OPERATIONS = [(route[0], route[1].replace(":path}", "}")) for route in ROUTES]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_of_the_document(app: object, method: str, path: str) -> None:
    schema = schemathesis.openapi.from_dict(described())
    schema.app = app
    cases = schema[path][method].as_strategy(
        generation_mode=schemathesis.GenerationMode.POSITIVE
    ) | schema[path][method].as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(case=cases)
    def holds(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    holds()
