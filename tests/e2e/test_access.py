"""Access as its operators meet it: real processes, real keys, the official SDKs' headers."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from openai import AuthenticationError, OpenAI

from router.keyring import new_secret
from tests.fakes.process import GatewayProcess, free_port, running_gateway

HELLO = [{"role": "user", "content": "Hello"}]
SOON_S = 1.0


def command(state: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "router.cli", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        env={**os.environ, "SLM_ROUTER_STATE_DIR": str(state), **environment},
    )


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_where_others_reach_it_the_gateway_does_not_start_without_a_key(
    tmp_path: Path, host: str
) -> None:
    done = command(tmp_path, "serve", "--simulated", "--port", "0", "--host", host)

    if host == "::" and "Cannot listen" in done.stderr:
        pytest.skip("this machine has no IPv6")
    assert done.returncode == 1
    assert "slm-router keys create my-app" in done.stderr
    assert "--host 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("key", ["sk-1234", "a" * 40])
def test_a_key_that_everybody_knows_is_refused_at_the_start(tmp_path: Path, key: str) -> None:
    done = command(tmp_path, "serve", "--simulated", "--port", "0", SLM_ROUTER_API_KEY=key)

    assert done.returncode == 1
    assert "SLM_ROUTER_API_KEY is refused" in done.stderr
    assert "Traceback" not in done.stderr
    assert key not in done.stderr.replace("SLM_ROUTER_API_KEY", "")


def models(gateway: GatewayProcess, key: str) -> int:
    client = OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0)
    return len(client.models.list().data)


def test_keys_of_both_kinds_open_and_a_revoked_one_is_dead_within_a_second(tmp_path: Path) -> None:
    made = command(tmp_path, "keys", "create", "my-app")
    key, fixed = made.stdout.strip(), new_secret()
    environment = {"SLM_ROUTER_API_KEY": fixed}
    with running_gateway(
        tmp_path, "--simulated", "--host", "0.0.0.0", environment=environment
    ) as gateway:
        client = OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0)
        answer = client.chat.completions.create(model="auto", messages=HELLO)  # type: ignore[arg-type]
        assert answer.choices[0].message.content
        assert models(gateway, fixed) > 2
        with pytest.raises(AuthenticationError, match="not in force"):
            models(gateway, "sk-1234")

        assert command(tmp_path, "keys", "revoke", "my-app").returncode == 0
        revoked = time.monotonic()
        with pytest.raises(AuthenticationError):
            while time.monotonic() < revoked + 30:
                models(gateway, key)
        assert time.monotonic() - revoked < SOON_S
        output = gateway.output

    told = command(tmp_path, "keys", "list").stdout
    rows = command(tmp_path, "log", "--format", "jsonl").stdout
    assert key not in output + told + rows and fixed not in output
    assert '"key_name": "my-app"' in rows


def test_on_loopback_keys_can_be_asked_for(tmp_path: Path) -> None:
    key = command(tmp_path, "keys", "create", "my-app").stdout.strip()
    with running_gateway(tmp_path, "--simulated", "--require-keys") as gateway:
        assert models(gateway, key) > 2
        with pytest.raises(AuthenticationError):
            models(gateway, "unused")
        assert "every request needs one" in gateway.output


def test_a_peer_that_never_finishes_is_dropped_by_the_real_server(tmp_path: Path) -> None:
    environment = {"SLM_ROUTER_PEER_TIMEOUT_S": "0.5", "SLM_ROUTER_MAX_HEAD_BYTES": "8192"}
    with running_gateway(tmp_path, "--simulated", environment=environment) as gateway:
        for sent, status in (
            (b"GET /healthz HT", b"408"),
            (b"POST /v1/route HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{", b"408"),
            (b"GET /healthz HTTP/1.1\r\nx: " + b"a" * 100_000, b"431"),
            (b"nonsense\r\n\r\n", b"400"),
        ):
            with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as peer:
                peer.sendall(sent)
                assert peer.recv(4096).split()[1] == status
        assert gateway.process.poll() is None


def test_a_port_that_is_taken_is_told_before_any_key_is_asked_for(tmp_path: Path) -> None:
    port = free_port()
    with socket.create_server(("0.0.0.0", port)):
        done = command(tmp_path, "serve", "--host", "0.0.0.0", "--port", str(port))

    assert done.returncode == 1
    assert "Choose another port" in done.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_that_is_not_of_this_machine_is_told_as_such(tmp_path: Path, host: str) -> None:
    done = command(tmp_path, "serve", "--host", host, "--port", "0")

    assert done.returncode == 1
    assert "Choose an address of this machine with --host" in done.stderr
