"""Where keys are asked for, a browser shows one once; what that opens, and for how long."""

import pytest

from router.api.cookie import LIFETIME_S, NAME, Cookies
from router.core.access import Caller
from router.keyring import Keyring
from tests.dashboard.conftest import HOME, PAGE, Dashboard, Opened
from tests.fakes.keys import a_key, a_keyring

READ = a_keyring(reader=frozenset({"read"}), app=frozenset({"call"}), boss=frozenset({"admin"}))
OWN = {"origin": HOME, **PAGE}


@pytest.fixture
def closed(opened: Opened) -> Dashboard:
    return opened(keyring=READ, require_keys=True)


def sign_in(it: Dashboard, name: str, **form: str) -> int:
    answer = it.client.post(
        "/login", data={"key": f"secret-{name}", **form}, headers=OWN, follow_redirects=False
    )
    return answer.status_code


@pytest.mark.parametrize("path", ["/", "/decisions", "/decisions/d1", "/nothing", "/admin"])
def test_a_browser_without_a_key_gets_the_form_whether_the_page_exists_or_not(
    closed: Dashboard, path: str
) -> None:
    told = closed.page(path, status=401)

    assert 'action="/login"' in told
    assert f'value="{path}"' in told


def test_a_program_without_a_key_gets_an_error_as_everywhere(closed: Dashboard) -> None:
    answer = closed.client.get("/api/v1/decisions", headers=PAGE)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_key_that_may_read_opens_the_pages_and_their_reports_and_no_more(
    closed: Dashboard,
) -> None:
    assert sign_in(closed, "reader") == 303

    assert "Decisions" in closed.page("/decisions")
    assert closed.client.get("/api/v1/decisions").status_code == 200
    assert closed.client.get("/v1/models").status_code == 401, "the cookie opens no model"
    assert closed.client.get("/metrics").status_code == 401


def test_the_cookie_is_out_of_scripts_reach_and_stays_at_home(closed: Dashboard) -> None:
    answer = closed.client.post(
        "/login", data={"key": "secret-reader"}, headers=OWN, follow_redirects=False
    )
    told = answer.headers["set-cookie"]

    assert "HttpOnly" in told and "SameSite=strict" in told and "Path=/" in told
    assert "Secure" not in told
    assert "secret" not in told


def test_behind_tls_the_cookie_goes_over_tls_alone(closed: Dashboard) -> None:
    answer = closed.client.post(
        "/login",
        data={"key": "secret-reader"},
        headers={**OWN, "x-forwarded-proto": "https"},
        follow_redirects=False,
    )

    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(("name", "told"), [("app", "lacks the role"), ("nobody", "not in force")])
def test_another_key_is_refused_with_the_reason(closed: Dashboard, name: str, told: str) -> None:
    answer = closed.client.post("/login", data={"key": f"secret-{name}"}, headers=OWN)

    assert answer.status_code == 403
    assert told in answer.text
    assert "set-cookie" not in answer.headers
    assert f"secret-{name}" not in answer.text


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/decisions", "/decisions"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nset-cookie: x=y", "/"),
    ],
)
def test_signing_in_leads_on_to_a_page_of_ours_only(
    closed: Dashboard, wanted: str, led: str
) -> None:
    answer = closed.client.post(
        "/login",
        data={"key": "secret-reader", "next": wanted},
        headers=OWN,
        follow_redirects=False,
    )

    assert answer.headers["location"] == led


def test_a_revoked_key_takes_its_sessions_with_it(opened: Opened) -> None:
    it = opened(keyring=a_keyring(reader=frozenset({"read"})), require_keys=True)
    assert sign_in(it, "reader") == 303
    it.page("/decisions")

    it.runtime.keyring._found = {}

    it.page("/decisions", status=401)


def test_another_secret_under_an_old_name_does_not_take_over_its_sessions() -> None:
    first, second = Keyring(fixed=[a_key("me")]), Keyring(fixed=[a_key("me", b"another")])
    value = Cookies(b"s" * 32, first).value_for(Caller("me", frozenset()), 0.0)
    sent = [(b"cookie", f"{NAME}={value}".encode())]

    assert Cookies(b"s" * 32, first).caller_in(sent, 1.0) is not None
    assert Cookies(b"s" * 32, second).caller_in(sent, 1.0) is None
    assert Cookies(b"t" * 32, first).caller_in(sent, 1.0) is None
    assert Cookies(b"s" * 32, first).caller_in(sent, LIFETIME_S + 1) is None


@pytest.mark.parametrize(
    "value",
    ["", "x", "9e9.bWU=.", "9e9.bWU=.00", "nan.bWU=.00", ".bWU=.", "9e9.\xff.00", "a.b.c.d"],
)
def test_a_made_up_cookie_opens_nothing(closed: Dashboard, value: str) -> None:
    answer = closed.client.get(
        "/decisions",
        headers={b"accept": b"text/html", b"cookie": f"{NAME}={value}".encode("latin-1")},
    )

    assert answer.status_code == 401


def test_signing_out_ends_the_session(closed: Dashboard) -> None:
    sign_in(closed, "reader")

    closed.client.post("/logout", headers=OWN, follow_redirects=False)

    closed.page("/decisions", status=401)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "null"},
        {"origin": HOME, "sec-fetch-site": "cross-site"},
        {"origin": HOME, "sec-fetch-site": "same-site"},
    ],
)
def test_with_a_cookie_nothing_changes_by_the_wish_of_anothers_page(
    closed: Dashboard, headers: dict[str, str]
) -> None:
    sign_in(closed, "reader")

    answer = closed.client.post("/logout", headers=headers, follow_redirects=False)

    assert answer.status_code == 403
    closed.page("/decisions")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7070", 200),
        ("localhost", 200),
        ("[::1]:7070", 200),
        ("gateway.localhost:7070", 200),
        ("evil.example", 403),
        ("router.internal", 403),
        ("192.168.1.7:7070", 403),
        ("laptop", 403),
        ("localhost@evil.example", 403),
    ],
)
@pytest.mark.parametrize("path", ["/", "/decisions", "/api/v1/decisions"])
def test_without_keys_only_this_machines_own_names_show_the_dashboard(
    opened: Opened, host: str, status: int, path: str
) -> None:
    answer = opened().client.get(path, headers={"host": host, **PAGE})

    assert answer.status_code == status


def test_without_keys_there_is_nothing_to_sign_in_to(opened: Opened) -> None:
    answer = opened().client.get("/login", follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
