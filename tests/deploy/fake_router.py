"""A stand-in for the router's command line: just enough of `serve` and `log` for the demo.

Run as a script by the demo's tests. Words in the last message ask for faults: REFUSE, BREAK,
NAMELESS, EMPTY, UNLOGGED, UNPRICED and SLOW.
"""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers like the gateway: short prompts from `small`, others from `large`."""

    def do_GET(self) -> None:
        """Say that the server is ready."""
        self._send({}, {"status": "ready"})

    def do_POST(self) -> None:
        """Answer a chat completion, plain or streamed."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/feedback":
            self._send({}, body)
            return
        said = body["messages"][-1]["content"]
        if "REFUSE" in said:
            self._send({}, {"error": {"message": "no model can serve this"}}, status=400)
            return
        if "SLOW" in said:
            time.sleep(30)
        headers = self._record(body, said)
        if body.get("stream"):
            self._stream(headers, said)
        else:
            message = {"role": "assistant", "content": "" if "EMPTY" in said else "Fine."}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._send(headers, _completion("chat.completion", choice))

    def _record(self, body: dict[str, Any], said: str) -> dict[str, str]:
        model = "small" if len(said) < 40 else "large"
        decision = f"dec-{time.monotonic_ns()}"
        row = {
            "decision": decision,
            "model": model,
            "cost_usd": None if "UNPRICED" in said else 0.01 if model == "small" else 0.10,
            "baseline_cost_usd": 0.10,
            "baseline": "always:large",
            "stream": bool(body.get("stream")),
        }
        if "UNLOGGED" not in said:
            with _log().open("a") as log:
                log.write(json.dumps(row) + "\n")
        if "NAMELESS" in said:
            return {"x-slm-router-decision": decision}
        return {
            "x-slm-router-decision": decision,
            "x-slm-router-model": model,
            "x-slm-router-overhead-ms": "1.5",
        }

    def _stream(self, headers: dict[str, str], said: str) -> None:
        self.send_response(200)
        for name, value in {"content-type": "text/event-stream", **headers}.items():
            self.send_header(name, value)
        if "BREAK" in said:  # promise more bytes than come
            self.send_header("content-length", "100000")
        self.end_headers()
        choice = {"index": 0, "delta": {"content": "Fine."}, "finish_reason": None}
        chunk = json.dumps(_completion("chat.completion.chunk", choice))
        self.wfile.write(f"data: {chunk}\n\n".encode())
        if "BREAK" not in said:
            self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, headers: dict[str, str], body: object, status: int = 200) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


def _completion(kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "c", "object": kind, "created": 0, "model": "auto", "choices": [choice]}


def _log() -> Path:
    return Path(os.environ["SLM_ROUTER_STATE_DIR"]) / "log.jsonl"


def main(arguments: list[str]) -> int:
    """Do what `serve` or `log` was asked for."""
    if pid_file := os.environ.get("FAKE_ROUTER_PID_FILE"):
        Path(pid_file).write_text(str(os.getpid()))
    if os.environ.get("FAKE_ROUTER_BROKEN") == arguments[0]:
        print(f"{arguments[0]} is broken", file=sys.stderr)
        return 2
    if arguments[0] == "log":
        print(_log().read_text() if _log().exists() else "", end="")
        return 0
    ThreadingHTTPServer(("127.0.0.1", int(arguments[-1])), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
