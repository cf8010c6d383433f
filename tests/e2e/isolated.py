"""Run inside a network namespace by test_wheel.py, with the wheel's own Python: starts the
gateway, routes a request, and counts every packet and every look-up that left this machine.

Arguments: a directory for state. Standard library only: nothing of the source tree is here.
"""

import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
PORT = 7070
URL = f"http://127.0.0.1:{PORT}"

AUDIT = """
import sys
def _told(event, arguments):
    if event == "socket.getaddrinfo" and arguments[0] not in (
        None, "127.0.0.1", "localhost", b"127.0.0.1", b"localhost"
    ):
        with open({file!r}, "a") as log:
            print(arguments[0], file=log)
sys.addaudithook(_told)
"""


def main(state: Path) -> None:
    """Prints what happened; raises if anything did not work."""
    loopback_up()
    prove_that_it_would_be_noticed()
    before = packets_without_a_route()
    lookups = state / "lookups.txt"
    hook = state / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(AUDIT.format(file=str(lookups)))
    environment = os.environ | {
        "PYTHONPATH": str(hook),
        "SLM_ROUTER_STATE_DIR": str(state / "state"),
    }
    command = Path(sys.executable).with_name("slm-router")
    with (state / "output.txt").open("wb") as output:
        gateway = subprocess.Popen(
            [str(command), "serve"], stdout=output, stderr=subprocess.STDOUT, env=environment
        )
    try:
        wait_until_ready(gateway, state / "output.txt")
        print("dashboard:", button())
        print("routed to", ask())
    finally:
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(30)
    told = lookups.read_text().splitlines() if lookups.exists() else []
    print("lookups beyond this machine:", len(told), *told)
    print("packets without a route:", packets_without_a_route() - before)


def loopback_up() -> None:
    """A new namespace has a loopback interface that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP) + b"\0" * 22)


def prove_that_it_would_be_noticed() -> None:
    """A count that stays at zero says something only if it would have moved."""
    before = packets_without_a_route()
    with socket.socket() as outbound, contextlib.suppress(OSError):
        outbound.connect(("192.0.2.1", 443))  # RFC 5737: an address that belongs to nobody
    if packets_without_a_route() == before:
        raise SystemExit("this kernel does not count packets without a route")


def wait_until_ready(gateway: "subprocess.Popen[bytes]", output: Path) -> None:
    """Until /readyz answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and gateway.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{URL}/readyz", timeout=5):
            return
        time.sleep(0.1)
    raise SystemExit(f"the gateway did not start:\n{output.read_text()}")


def button() -> str:
    """What a first visit to the dashboard is offered."""
    request = urllib.request.Request(f"{URL}/", headers={"accept": "text/html"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found = re.search(r'<button class="primary">([^<]*)', answer.read().decode())
    return found[1] if found else "nothing"


def ask() -> str:
    """One routed request; who answered."""
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "Hello"}]})
    request = urllib.request.Request(
        f"{URL}/v1/chat/completions", body.encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["x-slm-router-model"])


def packets_without_a_route() -> int:
    """What the kernel counted as bound for somewhere that this namespace cannot reach."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines()]
    names, values = (line for line in lines if line[0] == "Ip:")
    return int(values[names.index("OutNoRoutes")])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
