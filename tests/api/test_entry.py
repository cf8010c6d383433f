"""Endpoints of literal paths are found in one look, the others by the framework; errors alike."""

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from router.api.access import Access, AccessControl, Endpoint
from router.api.admission import Admission
from router.api.entry import Entry
from router.errors import InvalidRequest
from router.slots import Slots
from tests.api.conftest import runtime_of
from tests.fakes.gateway import fake_gateway


async def answering(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.url.path}")


async def refusing(request: Request) -> Response:
    raise InvalidRequest("Expected more.", "field")


async def missing(request: Request) -> Response:
    raise HTTPException(404)


async def crashing(request: Request) -> Response:
    raise KeyError("ours")


async def refusing_what_it_read(request: Request) -> Response:
    await request.body()
    raise InvalidRequest("Expected more.", "field")


async def crashing_over_what_it_read(request: Request) -> Response:
    await request.body()
    raise KeyError("ours")


ENDPOINTS: list[tuple[str, str, Endpoint, Access]] = [
    ("GET", "/here", answering, "open"),
    ("GET", "/refused", refusing, "open"),
    ("GET", "/missing", missing, "open"),
    ("GET", "/crash", crashing, "open"),
    ("GET", "/things/{id}", answering, "open"),
    ("POST", "/read", refusing_what_it_read, "open"),
    ("POST", "/broken", crashing_over_what_it_read, "open"),
]


@pytest.fixture
def client() -> TestClient:
    runtime = runtime_of(fake_gateway({}))
    app = Starlette(routes=[Route(path, it, methods=[how]) for how, path, it, _ in ENDPOINTS])
    access, admission = AccessControl(runtime, frozenset()), Admission(Slots(1, 0, 1.0))
    entry = Entry(app, runtime, ENDPOINTS, access, admission)
    return TestClient(entry, "http://localhost", raise_server_exceptions=False)


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


@pytest.mark.parametrize("path", ["/here", "/things/5", "/refused", "/crash", "/nowhere"])
def test_every_answer_has_a_request_id_whoever_gave_it(client: TestClient, path: str) -> None:
    assert client.get(path).headers.get_list("x-request-id")[0].startswith("req_")
    assert len(client.get(path).headers.get_list("x-request-id")) == 1


def test_a_mistake_of_ours_is_told_in_openais_form_and_left_to_the_server_to_log() -> None:
    runtime = runtime_of(fake_gateway({}))
    access, admission = AccessControl(runtime, frozenset()), Admission(Slots(1, 0, 1.0))
    entry = Entry(Starlette(), runtime, ENDPOINTS, access, admission)

    answer = TestClient(entry, "http://localhost", raise_server_exceptions=False).get("/crash")

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    with pytest.raises(KeyError, match="ours"):
        TestClient(entry, "http://localhost").get("/crash")


def test_a_slot_is_given_back_however_the_request_ended(client: TestClient) -> None:
    for _ in range(3):
        assert client.post("/read", content=b"{}").status_code == 400
        assert client.post("/broken", content=b"{}").status_code == 500

    assert client.post("/read", content=b"{}").status_code == 400


def test_nothing_but_http_is_let_in() -> None:
    async def greeting(socket: WebSocket) -> None:
        await socket.accept()

    runtime = runtime_of(fake_gateway({}))
    access, admission = AccessControl(runtime, frozenset()), Admission(Slots(1, 0, 1.0))
    app = Starlette(routes=[WebSocketRoute("/socket", greeting)])
    entry = TestClient(Entry(app, runtime, ENDPOINTS, access, admission))

    with pytest.raises(WebSocketDisconnect), entry.websocket_connect("/socket"):
        pass
