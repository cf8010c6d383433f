"""The end of a live gateway: whoever waits for an answer gets one, or is told why there is none."""

import json
import signal
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

from tests.e2e.test_reload import ask, policy_file, until
from tests.fakes.chat_wire import answered, chunks
from tests.fakes.process import GatewayProcess, running_gateway
from tests.fakes.scripted_upstream import (
    Received,
    Script,
    ScriptedUpstream,
    hanging,
    scripted_process_wide,
    streamed,
)


def test_a_sigterm_before_all_is_loaded_ends_the_start(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(policy_file("small"))
    for seconds in (0.1, 0.4, 0.8, 1.2, 1.6):
        gateway = GatewayProcess(["--policy", str(file)], tmp_path, {}, None)
        time.sleep(seconds)

        # Python itself, before it has come to our first line, dies of the signal.
        assert gateway.stop() in (0, -signal.SIGTERM)
        assert "Traceback" not in gateway.output
        assert not list(tmp_path.glob("*.sqlite3-wal")), "the decision log was not closed"


SIMULATED = "{kind: simulated, first_token: 1ms, tokens_per_second: 100000}"


def answered_by(upstream: ScriptedUpstream) -> str:
    """The policy file with a server in place of the simulated one, so that it is seen who waits."""
    reached = f'{{kind: openai_http, base_url: "{upstream.base_url}"}}'
    return policy_file("small").replace(SIMULATED, reached)


def test_a_sigterm_lets_requests_in_flight_finish(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    with scripted_process_wide(replace(answered({"content": "Hi"}), wait_s=1.0)) as upstream:
        file.write_text(answered_by(upstream))
        with running_gateway(tmp_path / "state", "--policy", str(file)) as gateway:
            answers: list[str] = []
            callers = [
                threading.Thread(target=lambda: answers.append(ask(gateway))) for _ in range(5)
            ]
            for caller in callers:
                caller.start()
            until(lambda: len(upstream.received) == 5)

            code = gateway.stop()
            for caller in callers:
                caller.join(30)

    assert answers == ["small"] * 5
    assert code in (0, -signal.SIGTERM)


def begun(seen: Received) -> Script:
    """An answer without end, of which a stream has its first piece."""
    if seen.json.get("stream"):
        return streamed(*chunks({"content": "Hi"})[:1], ending="stall")
    return hanging()


def test_requests_that_outlast_the_grace_period_are_told_so_and_are_no_crash(
    tmp_path: Path,
) -> None:
    file = tmp_path / "policy.yaml"
    answers: dict[bool, bytes] = {}
    hasty = {"SLM_ROUTER_SHUTDOWN_S": "0.4"}
    with scripted_process_wide(begun) as upstream:
        file.write_text(answered_by(upstream))
        with running_gateway(tmp_path, "--policy", str(file), environment=hasty) as gateway:
            callers = [
                threading.Thread(target=lambda s=s: answers.update({s: raw_answer(gateway, s)}))
                for s in (True, False)
            ]
            for caller in callers:
                caller.start()
            until(lambda: len(upstream.received) == 2)
            gateway.stop()
            for caller in callers:
                caller.join(30)

    assert answers[False].startswith(b"HTTP/1.1 503 ")
    assert b'"code":"shut_down"' in answers[False]
    assert b"The gateway was shut down" in answers[True]
    assert answers[True].endswith(b"0\r\n\r\n")
    assert "Exception in ASGI application" not in gateway.output
    assert "CancelledError" not in gateway.output


def raw_answer(gateway: GatewayProcess, stream: bool) -> bytes:
    """All that comes back, to the end of the connection."""
    body = json.dumps(
        {"model": "auto", "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
    ).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: here\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))
