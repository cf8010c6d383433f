"""Endpoints of literal paths are found in one look, the others by the framework; errors alike."""

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from router.api.access import Endpoint
from router.api.dispatch import Dispatch
from router.errors import InvalidRequest


async def answering(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.url.path}")


async def refusing(request: Request) -> Response:
    raise InvalidRequest("Expected more.", "field")


async def missing(request: Request) -> Response:
    raise HTTPException(404)


async def crashing(request: Request) -> Response:
    raise KeyError("ours")


ENDPOINTS: list[tuple[str, str, Endpoint]] = [
    ("GET", "/here", answering),
    ("GET", "/refused", refusing),
    ("GET", "/missing", missing),
    ("GET", "/crash", crashing),
    ("GET", "/things/{id}", answering),
]


@pytest.fixture
def client() -> TestClient:
    app = Starlette(routes=[Route(path, it, methods=[how]) for how, path, it in ENDPOINTS])
    app.add_middleware(Dispatch, endpoints=ENDPOINTS)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("path", ["/here", "/things/5"])
def test_an_endpoint_answers_whichever_way_it_is_found(client: TestClient, path: str) -> None:
    assert client.get(path).text == f"GET {path}"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/refused", 400),
        ("GET", "/missing", 404),
        ("GET", "/crash", 500),
        ("GET", "/nowhere", 404),
        ("POST", "/here", 405),
    ],
)
def test_what_is_raised_or_unknown_has_its_status(
    client: TestClient, method: str, path: str, status: int
) -> None:
    assert client.request(method, path).status_code == status


def test_a_refusal_tells_the_field_at_fault(client: TestClient) -> None:
    assert client.get("/refused").json()["error"]["param"] == "field"


def test_head_is_answered_as_the_framework_does(client: TestClient) -> None:
    answer = client.head("/here")
    assert (answer.status_code, answer.content) == (200, b"")
