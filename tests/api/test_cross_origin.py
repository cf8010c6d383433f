"""Pages of origins that the operator names may call /v1, and nothing else; by itself none may."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from router.app import Application, create_app
from router.connection import Bounds
from router.settings import Settings
from tests.api.conftest import NOWHERE, runtime_of
from tests.fakes.gateway import fake_gateway
from tests.fakes.keys import CALL, a_keyring
from tests.fakes.served import served
from tests.fakes.upstream import FakeUpstream

PAGE, OTHER = "http://localhost:3000", "http://localhost:4000"
CHAT = "/v1/chat/completions"
HELLO = {"model": "small", "messages": [{"role": "user", "content": "Hello"}]}
ASKING = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,x-stainless-lang",
}
ALLOWED = "access-control-allow-origin"


def application(*origins: str, keys: bool = False) -> Application:
    runtime = runtime_of(fake_gateway({"near": FakeUpstream()}))
    runtime.settings = Settings(cors_origins=origins, require_keys=keys, state_dir=NOWHERE)
    runtime.keyring = a_keyring(app=CALL)
    return create_app(runtime)


def client_of(*origins: str, keys: bool = False) -> TestClient:
    return TestClient(application(*origins, keys=keys), "http://localhost")


def asked(client: TestClient, origin: str, path: str = CHAT) -> Any:
    """What a browser is told before it sends a page's request."""
    return client.options(path, headers={"origin": origin, **ASKING})


def test_a_browser_is_told_that_a_named_page_may_send_before_it_shows_its_key() -> None:
    told = asked(client_of(PAGE, keys=True), PAGE)

    assert told.status_code == 200 and told.headers[ALLOWED] == PAGE
    assert "POST" in told.headers["access-control-allow-methods"]
    assert told.headers["access-control-allow-headers"] == ASKING["access-control-request-headers"]
    assert "access-control-allow-credentials" not in told.headers
    assert told.headers["x-request-id"]


def test_a_named_page_reads_answers_and_errors_and_their_headers() -> None:
    client = client_of(PAGE, keys=True)
    shown = {"origin": PAGE, "authorization": "Bearer secret-app"}
    answer = client.post(CHAT, json=HELLO, headers=shown)
    refused = client.post(CHAT, json=HELLO, headers={"origin": PAGE})

    assert (answer.status_code, refused.status_code) == (200, 401)
    for it in (answer, refused):
        assert it.headers[ALLOWED] == PAGE
        assert it.headers["access-control-expose-headers"] == "*"
        assert "origin" in it.headers["vary"].lower()
        assert "access-control-allow-credentials" not in it.headers


async def test_an_answer_that_is_written_at_once_says_so_too() -> None:
    async with served(application(PAGE), Bounds()) as server:
        head = f"GET /v1/models HTTP/1.1\r\nhost: localhost\r\norigin: {PAGE}\r\n\r\n"
        of_a_page = await (await server.peer(head.encode())).answer()
        plain = await (
            await server.peer(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n")
        ).answer()

    assert (of_a_page.status, of_a_page.headers[ALLOWED]) == (200, PAGE)
    assert plain.status == 200 and ALLOWED not in plain.headers


def test_another_page_is_told_nothing() -> None:
    client = client_of(PAGE)

    assert asked(client, OTHER).status_code == 400
    assert ALLOWED not in asked(client, OTHER).headers
    assert ALLOWED not in client.get("/v1/models", headers={"origin": OTHER}).headers


@pytest.mark.parametrize("path", ["/", "/savings", "/api/v1/overview", "/metrics", "/v1"])
def test_nothing_but_v1_is_opened(path: str) -> None:
    client = client_of("*")

    assert ALLOWED not in asked(client, PAGE, path).headers
    assert ALLOWED not in client.get(path, headers={"origin": PAGE}).headers


def test_without_keys_a_page_of_a_public_name_stays_refused_and_may_read_why() -> None:
    page = "https://chat.example.org"
    refused = client_of("*").post(CHAT, json=HELLO, headers={"origin": page})

    assert refused.status_code == 403 and refused.headers[ALLOWED] == "*"
    assert "slm-router keys create" in refused.json()["error"]["message"]


def test_by_itself_no_page_is_told_that_it_may() -> None:
    client = client_of()

    assert asked(client, PAGE).status_code == 405
    assert ALLOWED not in client.get("/v1/models", headers={"origin": PAGE}).headers


def test_where_no_origin_is_named_nothing_stands_before_the_entry() -> None:
    assert type(application().entry).__name__ == "Entry"
