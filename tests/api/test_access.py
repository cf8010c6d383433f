"""Every route is closed by default, to everybody, whatever the path or the Host header says."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from router import dashboard
from router.api import ROUTES
from router.api.access import guarded
from router.app import create_app
from router.core.access import ROLES, Caller, Role
from router.gateway import Gateway
from router.runtime import Runtime
from router.settings import Settings
from tests.api.conftest import runtime_of
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.keys import a_keyring
from tests.fakes.upstream import FakeUpstream

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}
CHAT = "/v1/chat/completions"
OPEN = {"/healthz", "/readyz", "/login"}
"""All that anybody may ask beside style and scripts; a new one has to be added here on purpose."""

TABLE = (*ROUTES, *dashboard.routes())


def is_open(path: str) -> bool:
    return path in OPEN or path.startswith("/static/")


def closed_runtime(gateway: Gateway | None = None, required: bool = True) -> Runtime:
    runtime = runtime_of(gateway or fake_gateway({"near": FakeUpstream()}))
    runtime.settings = Settings(require_keys=required)
    runtime.keyring = a_keyring(**{role: frozenset({role}) for role in ROLES})
    return runtime


def client(runtime: Runtime | None = None) -> TestClient:
    return TestClient(create_app(runtime or closed_runtime()), raise_server_exceptions=False)


def bearer(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer secret-{name}"}


def routes() -> list[tuple[str, str]]:
    """What the application really serves, whoever added it and how."""
    app = create_app(closed_runtime())
    assert all(isinstance(route, Route) for route in app.routes), "a mount hides routes from this"
    return [
        (method, route.path)
        for route in app.routes
        if isinstance(route, Route)
        for method in route.methods or ()
    ]


def test_every_route_of_the_application_stands_in_the_table_with_what_it_asks() -> None:
    declared = {(method, path) for method, path, _, _ in TABLE}
    served = {(m, path) for m, path in routes() if m != "HEAD"}

    assert served == declared
    assert {access for *_, access in TABLE} <= {"open", *ROLES}


def test_only_these_are_open_and_their_paths_are_literal() -> None:
    found = {path for _, path, _, access in TABLE if access == "open"}

    assert {path for path in found if not path.startswith("/static/")} == OPEN
    assert not any("{" in path for path in found)


@pytest.mark.parametrize(("method", "path"), sorted(routes()))
def test_without_a_key_every_route_but_the_open_ones_is_closed(method: str, path: str) -> None:
    answer = client().request(method, path.replace("{id:path}", "small").replace("{id}", "d1"))

    if is_open(path):
        assert answer.status_code == (403 if method == "POST" else 200)
    else:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        if method != "HEAD":
            assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_route_that_is_added_without_the_table_is_closed_and_found() -> None:
    app = create_app(closed_runtime())

    async def leak(request: Request) -> Response:
        return Response("leaked")

    app.add_route("/leak", leak)

    assert TestClient(app).get("/leak").status_code == 401
    assert ("GET", "/leak") not in {(method, path) for method, path, *_ in ROUTES}


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/nothing", "/admin", "/healthzz", "/v1"])
def test_nobody_learns_without_a_key_which_paths_there_are(path: str) -> None:
    assert client().get(path).status_code == 401


@pytest.mark.parametrize("asked", ROLES)
@pytest.mark.parametrize("held", ROLES)
async def test_a_role_opens_what_is_its_own_and_admin_opens_everything(
    held: Role, asked: Role
) -> None:
    async def page(request: Request) -> Response:
        return Response("seen")

    app = create_app(closed_runtime())
    app.router.routes.append(Route("/page", guarded(page, asked)))

    answer = TestClient(app).get("/page", headers=bearer(held))

    allowed = held in (asked, "admin")
    assert answer.status_code == (200 if allowed else 403)
    if not allowed:
        assert answer.json()["error"]["code"] == "insufficient_permissions"


@pytest.mark.parametrize(
    ("held", "statuses"),
    [
        ("call", {"/v1/models": 200, CHAT: 200, "/v1/route": 200, "/metrics": 403}),
        ("metrics", {"/v1/models": 403, CHAT: 403, "/v1/route": 403, "/metrics": 200}),
        ("admin", {"/v1/models": 200, CHAT: 200, "/v1/route": 200, "/metrics": 200}),
    ],
)
def test_each_role_on_each_route(held: str, statuses: Mapping[str, int]) -> None:
    asked = client()

    for path, status in statuses.items():
        method = "POST" if path in (CHAT, "/v1/route") else "GET"
        sent = HELLO if method == "POST" else None
        assert asked.request(method, path, json=sent, headers=bearer(held)).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer secret-call"},
        {"authorization": "bearer   secret-call  "},
        {"x-api-key": "secret-call"},
        {"authorization": "Bearer secret-call", "x-api-key": "secret-call"},
    ],
)
def test_a_key_is_taken_as_openais_clients_and_as_anthropics_send_it(
    headers: dict[str, str],
) -> None:
    assert client().get("/v1/models", headers=headers).status_code == 200


HOSTILE_KEYS: list[Any] = [
    [("authorization", "Bearer ")],
    [("authorization", "Basic c2VjcmV0LWNhbGw6")],
    [("authorization", "secret-call")],
    [("authorization", "Bearer secret-call extra")],
    [("authorization", "Bearer SECRET-CALL")],
    [("authorization", "Bearer secret-cal")],
    [("authorization", "Bearer ' OR '1'='1")],
    [("authorization", "Bearer slm-" + "a" * 60_000)],
    [("authorization", b"Bearer \xff\xfe\x80")],
    [("authorization", "Bearer sk-1234")],
    [("authorization", "Bearer secret-call"), ("authorization", "Bearer secret-admin")],
    [("authorization", "Bearer secret-call"), ("x-api-key", "other")],
    [("x-api-key", "")],
    [("cookie", "authorization=Bearer secret-call")],
    [("x-forwarded-for", "127.0.0.1")],
    [("x-original-url", "/healthz")],
    [("x-rewrite-url", "/healthz")],
    [("host", "x/?")],
    [("host", "127.0.0.1/healthz?")],
    [("host", "@healthz")],
    [("x-forwarded-prefix", "/healthz")],
]


@pytest.mark.parametrize("headers", HOSTILE_KEYS, ids=range(len(HOSTILE_KEYS)))
@pytest.mark.parametrize("path", ["/metrics", "/v1/models", CHAT])
def test_hostile_keys_and_headers_open_nothing_and_are_not_quoted(headers: Any, path: str) -> None:
    method = "POST" if path == CHAT else "GET"

    answer = client().request(method, path, headers=headers)

    assert answer.status_code == 401
    assert "secret" not in answer.text
    assert "slm-a" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/healthz/../metrics",
        "/healthz/..%2fmetrics",
        "/healthz%2f..%2fmetrics",
        "/healthz;/metrics",
        "/healthz/",
        "//healthz",
        "//metrics",
        "/metrics/",
        "/METRICS",
        "/%6detrics",
        "/metrics%00",
        "/metrics%0d%0a",
        "/v1/models/../../metrics",
        "/v1/models%3f",
        "/healthz%3f/../metrics",
        "/.//healthz",
    ],
)
def test_no_way_of_writing_a_path_leads_past_the_door(path: str) -> None:
    assert client().get(path).status_code == 401


def test_without_asking_for_keys_anybody_on_this_machine_comes_in() -> None:
    asked = client(closed_runtime(required=False))

    for headers in ({}, {"authorization": "Bearer unused"}, {"x-api-key": "sk-or-anything"}):
        assert asked.post(CHAT, json=HELLO, headers=headers).status_code == 200
        assert asked.get("/metrics", headers=headers).status_code == 200


def test_a_key_of_ours_that_is_shown_must_be_in_force_even_where_none_is_asked_for() -> None:
    asked = client(closed_runtime(required=False))

    assert asked.get("/v1/models", headers={"x-api-key": "slm-revoked"}).status_code == 401
    assert asked.get("/metrics", headers=bearer("call")).status_code == 403


def test_readiness_tells_its_detail_only_to_those_who_may_see_the_metrics() -> None:
    asked = client()

    assert asked.get("/readyz").json() == {"status": "ready"}
    assert asked.get("/readyz", headers=bearer("call")).json() == {"status": "ready"}
    assert asked.get("/readyz", headers={"x-api-key": "wrong"}).json() == {"status": "ready"}
    assert "policies" in asked.get("/readyz", headers=bearer("metrics")).json()


def test_the_record_knows_the_name_of_the_key_and_two_callers_sessions_apart() -> None:
    runtime = closed_runtime()
    runtime.keyring = a_keyring(one=frozenset({"call"}), two=frozenset({"call"}))
    asked = client(runtime)

    for name in ("one", "two", "one"):
        headers = {**bearer(name), "x-slm-router-session": "7"}
        assert asked.post(CHAT, json=HELLO, headers=headers).status_code == 200

    log = runtime.gateway.log
    assert isinstance(log, MemoryLog)
    assert [event.key_name for event in log.events] == ["one", "two", "one"]
    first, second, third = (event.session for event in log.events)
    assert first == third != second


def test_what_is_shown_of_a_caller_holds_no_key() -> None:
    assert "secret" not in repr(Caller("app", frozenset({"call"})))
