"""slm-router serve: start the gateway and say what it found."""

import argparse
import asyncio
import ipaddress
import logging
import math
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from router.errors import StartupError

if TYPE_CHECKING:
    import uvicorn

    from router.core.catalog import Price
    from router.found import Found
    from router.runtime import Runtime
    from router.settings import Settings

logger = logging.getLogger(__name__)

ARGUMENTS = ("policy", "host", "port", "simulated", "store_content", "require_keys")
"""The settings that are arguments too; all others come from the environment alone."""


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
    parser.add_argument(
        "--require-keys",
        action="store_true",
        default=None,
        help="ask for an API key on loopback too, as is done on every other address",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    # As the first process of a container we would not even die of a SIGTERM without a handler.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    import uvloop

    from router.telemetry.logs import configure

    settings = settings_of(arguments)
    configure(settings.log_level, settings.log_json)
    with (
        _listen(settings.host, settings.port) as listening,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        try:
            runner.run(_serve(_closed_unless_local(settings, listening), listening))
        except asyncio.CancelledError:
            logger.info("told to stop before all was loaded")
    return 0


async def _serve(settings: "Settings", listening: socket.socket) -> None:
    _cancel_on_sigterm()
    import uvicorn

    from router.app import create_app, running
    from router.connection import Bounds, bounded

    async with running(settings) as (runtime, found):
        config = uvicorn.Config(
            create_app(runtime),
            http=bounded(Bounds(settings.max_head_bytes, settings.peer_timeout_s)),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            # Whole seconds, and 0 would cut off every request.
            timeout_graceful_shutdown=math.ceil(settings.shutdown_s),
        )
        server = _server(config, runtime)
        # Uvicorn puts this handler in place itself, and at the end sends itself the signal again
        # under the handler that was there before: so there is no moment at which a signal is lost,
        # and requests in flight and the log always come first.
        signal.signal(signal.SIGTERM, server.handle_exit)
        print(banner(found, runtime, *listening.getsockname()[:2]), flush=True)
        await server.serve(sockets=[listening])


def _cancel_on_sigterm() -> None:
    """Have a SIGTERM end this task in good order: what is open is closed."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def cancel() -> None:
        # Once: a second signal must not break off the closing.
        if not task.cancelling():
            task.cancel()

    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(cancel))


def settings_of(arguments: argparse.Namespace) -> "Settings":
    """The process's settings: arguments first, then the environment."""
    from pydantic import ValidationError

    from router.settings import Settings

    given = {name: getattr(arguments, name, None) for name in ARGUMENTS}
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        argument = f"--{name.replace('_', '-')} or " if name in ARGUMENTS else ""
        raise StartupError(
            f"{name}: {first['msg']}. Set it with {argument}SLM_ROUTER_{name.upper()}."
        ) from None


def _listen(host: str, port: int) -> socket.socket:
    from router.connection import listen

    try:
        return listen(host, port)
    except OSError as error:
        raise StartupError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}."
            " Choose another port with --port, or 0 for any that is free."
        ) from None


def _closed_unless_local(settings: "Settings", listening: socket.socket) -> "Settings":
    """Whoever reaches an address that others reach too needs a key."""
    address = ipaddress.ip_address(listening.getsockname()[0].partition("%")[0])
    return settings if address.is_loopback else settings.model_copy(update={"require_keys": True})


def _server(config: "uvicorn.Config", runtime: "Runtime") -> "uvicorn.Server":
    import uvicorn

    class Server(uvicorn.Server):
        """Tells /readyz at the first signal, before requests in flight have finished."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            runtime.accepting = False
            super().handle_exit(sig, frame)

    return Server(config)


def banner(found: "Found", runtime: "Runtime", host: str, port: int) -> str:
    """What a newcomer wants to know: where, with what, and how to begin."""
    gateway = runtime.gateway
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{port}"
    lines = [f"slm-router listens on {url}/v1", ""]
    if gateway.simulated:
        cause = "" if runtime.settings.simulated else "No model server and no provider key found. "
        lines += [
            f"  SIMULATED. {cause}Simulated models answer:",
            "  their texts are made up, their prices and delays are set.",
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
    keys = runtime.settings.require_keys
    lines += [f"  dashboard {url}/"]
    lines += [f"  log       {runtime.settings.decision_log}"]
    lines += [f"  keys      {'every request needs one' if keys else 'none needed: loopback'}", ""]
    lines += [f"  {note}" for note in (found.discovery.notes if found.discovery else ())]
    lines += [f"  NOT SET: {name}, which the catalog names as a key" for name in found.missing_keys]
    lines += [
        *_first_request(f"{url}/v1", "<API key>" if keys else None),
        "",
        "  Stop with Ctrl-C."
        + ("" if found.files else "  Make this set-up yours: slm-router init"),
    ]
    return "\n".join(lines)


def _first_request(url: str, key: str | None) -> list[str]:
    return [
        "  First request:",
        f"    curl -s {url}/chat/completions -H 'content-type: application/json' \\",
        *([f"      -H 'authorization: Bearer {key}' \\"] if key else []),
        '      -d \'{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}\'',
        "  or point any OpenAI SDK at it:",
        f'    OpenAI(base_url="{url}", api_key="{key or "unused"}")'
        '.chat.completions.create(model="auto", ...)',
    ]


def _price(price: "Price") -> str:
    if price.usd_per_hour is not None:
        return f"{price.usd_per_hour:g} USD an hour of its machine"
    return (
        f"{price.input_usd_per_mtok:g} / {price.output_usd_per_mtok:g} USD per million tokens"
        " in / out"
    )
