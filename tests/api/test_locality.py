"""Without keys only this machine's user is let in, not the web pages that its browser visits."""

import pytest

from router.api.locality import refuse_strangers
from router.errors import Forbidden
from tests.api.conftest import Serve
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.upstream import FakeUpstream

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:7070",
        "localhost:7070",
        "localhost",
        "LOCALHOST",
        "[::1]:7070",
        "192.168.1.7:7070",
        "workstation",
        "workstation.local:7070",
        "host.docker.internal:7070",
        "slm.localhost.",
        "",
    ],
)
def test_names_that_no_page_can_have_are_taken(host: str) -> None:
    refuse_strangers([(b"host", host.encode())])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7070",
        "127.0.0.1.evil.example",
        "localhost.evil.example:7070",
        "evil.local.example.",
        "evil.example/?.local",
        "x/?",
        "evil@127.0.0.1",
        "@127.0.0.1",
        "evil.example#.localhost",
        "evil.example\\.localhost",
        "[::1",
        ":7070",
    ],
)
def test_names_that_a_page_could_have_are_refused(host: str) -> None:
    with pytest.raises(Forbidden, match="Host"):
        refuse_strangers([(b"host", host.encode())])


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "http://127.0.0.1", "vscode-webview://1a2b", "app://obsidian.md"],
)
def test_pages_and_apps_of_this_machine_are_taken(origin: str) -> None:
    refuse_strangers([(b"host", b"localhost"), (b"origin", origin.encode())])


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://evil.example:7070", "null", "", "https://a.b@c.de"]
)
def test_other_pages_are_refused(origin: str) -> None:
    with pytest.raises(Forbidden, match="Origin"):
        refuse_strangers([(b"host", b"localhost"), (b"origin", origin.encode())])


def test_a_page_cannot_spend_money_with_a_form(serve: Serve) -> None:
    near = FakeUpstream()
    gateway = fake_gateway({"near": near})

    answer = serve(gateway).post(
        "/v1/chat/completions", json=HELLO, headers={"origin": "https://evil.example"}
    )

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "insufficient_permissions"
    assert near.calls == []
    assert isinstance(gateway.log, MemoryLog) and gateway.log.events == []
