"""slm-router serve: start the gateway and say what it found."""

import argparse
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.errors import StartupError

if TYPE_CHECKING:
    from router.app import Found
    from router.runtime import Runtime
    from router.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments. Left-out ones come from SLM_ROUTER_* in the environment."""
    parser.add_argument(
        "--policy",
        type=Path,
        metavar="PATH",
        help="policy file, or a directory of them (default: slm-router.yaml here, else what is"
        " found on this machine)",
    )
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 7070; 0 = any)")
    parser.add_argument(
        "--simulated",
        action="store_true",
        default=None,
        help="use only the embedded simulated upstreams",
    )
    parser.add_argument(
        "--store-content",
        action="store_true",
        default=None,
        help="keep the text of requests and answers in the decision log",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    import uvicorn

    from router.app import create_app
    from router.telemetry.logs import configure

    settings = settings_of(arguments)
    configure(settings.log_level, settings.log_json)
    listening = _listen(settings.host, settings.port)
    host, port = listening.getsockname()[:2]
    failure: list[BaseException] = []

    def ready(runtime: "Runtime", found: "Found") -> None:
        server.runtime = runtime
        print(banner(found, runtime, host, port), flush=True)

    app = create_app(settings, ready)
    config = uvicorn.Config(
        _telling(app, failure),
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=round(settings.shutdown_s),
        lifespan="on",
    )
    server = _server(config)
    server.run(sockets=[listening])
    if failure:
        raise failure[0]
    return 0


def settings_of(arguments: argparse.Namespace) -> "Settings":
    """The process's settings: arguments first, then the environment."""
    from pydantic import ValidationError

    from router.settings import Settings

    names = ("policy", "host", "port", "simulated", "store_content")
    given = {name: getattr(arguments, name, None) for name in names}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise StartupError(
            f"{name}: {first['msg']}. Set it with --{name} or SLM_ROUTER_{name.upper()}."
        ) from None


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise StartupError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}."
            " Choose another port with --port, or 0 for any that is free."
        ) from None


def _telling(app: Any, failure: list[BaseException]) -> Any:
    """The application, remembering why its start-up failed: uvicorn only logs that it did."""
    from router.errors import RouterError

    async def told(scope: Any, receive: Any, send: Any) -> None:
        try:
            await app(scope, receive, send)
        except RouterError as error:
            if scope["type"] == "lifespan":
                failure.append(error)
            raise

    return told


def _server(config: Any) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        """Tells /readyz at the first signal, before requests in flight have finished."""

        runtime: "Runtime | None" = None

        def handle_exit(self, sig: int, frame: Any) -> None:
            if self.runtime is not None:
                self.runtime.accepting = False
            super().handle_exit(sig, frame)

    return Server(config)


def banner(found: "Found", runtime: "Runtime", host: str, port: int) -> str:
    """What a newcomer wants to know: where, with what, and how to begin."""
    gateway = runtime.gateway
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{port}"
    lines = [f"slm-router listens on {url}/v1", ""]
    if gateway.simulated:
        lines += [
            "  SIMULATED: no model server and no provider key was found here, so two embedded",
            "  simulated models answer. Their texts are made up, their prices and delays are set.",
            "",
        ]
    others = sorted(set(gateway.policies) - {gateway.default_policy})
    lines.append(f"  policy    {gateway.default.name_at_version}")
    if others:
        lines.append(f"            also: {', '.join(f'auto:{name}' for name in others)}")
    lines.append("  models")
    cards = gateway.default.catalog.models
    width = max(map(len, cards), default=0)
    for name, card in cards.items():
        price = "no price known" if card.price is None else _price(card.price)
        lines.append(f"            {name:<{width}}  {card.location:<5}  {price}")
    lines += [f"  log       {runtime.settings.decision_log}", ""]
    lines += [f"  {note}" for note in (found.discovery.notes if found.discovery else ())]
    lines += [
        "  First request:",
        f"    curl -s {url}/v1/chat/completions -H 'content-type: application/json' \\",
        '      -d \'{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}\'',
        "  or point any OpenAI SDK at it:",
        f'    OpenAI(base_url="{url}/v1", api_key="unused")'
        '.chat.completions.create(model="auto", ...)',
        "",
        "  Make this set-up yours:  slm-router init",
        "  Stop with Ctrl-C.",
    ]
    return "\n".join(lines)


def _price(price: Any) -> str:
    if price.usd_per_hour is not None:
        return f"{price.usd_per_hour:g} USD an hour of its machine"
    return (
        f"{price.input_usd_per_mtok:g} / {price.output_usd_per_mtok:g} USD per million tokens"
        " in / out"
    )


if __name__ == "__main__":
    sys.exit("start it as: slm-router serve")
