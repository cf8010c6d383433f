"""slm-router serve: start the gateway and say what it found."""

import argparse
import asyncio
import errno
import gc
import ipaddress
import logging
import math
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from router.errors import StartupError

if TYPE_CHECKING:
    import uvicorn

    from router.runtime import Runtime
    from router.settings import Settings
    from router.workers import Worker

logger = logging.getLogger(__name__)

LAST_WORDS_S = 0.5
"""How long a second signal waits for callers to hear that their answer will not come."""

BACKLOG = 2048
GC_THRESHOLDS = (20_000, 20, 50)

ARGUMENTS = ("policy", "host", "port", "workers", "simulated", "store_content", "require_keys")
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
        "--workers", type=int, metavar="N", help="processes that serve on the port (default: 1)"
    )
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
    # Before numpy loads: its products are small, and threads that wait for their share of one burn
    # more of the other cores than all of a request takes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import uvloop

    from router.telemetry.logs import configure
    from router.workers import Worker

    settings = settings_of(arguments)
    configure(settings.log_level, settings.log_json)
    worker = Worker.of_this_process()
    if settings.workers > 1 and worker is None:
        return _supervise(settings)
    port = settings.port if worker is None else worker.port
    with (
        _listen(settings.host, port, shared=worker is not None) as listening,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        try:
            runner.run(_serve(_closed_unless_local(settings, listening), listening, worker))
        except asyncio.CancelledError:
            logger.info("told to stop before all was loaded")
    return 0


def _supervise(settings: "Settings") -> int:
    from router.workers import Supervisor, command_of, hold

    try:
        held = hold(settings.host, settings.port)
    except OSError as error:
        raise _cannot_listen(settings.host, settings.port, error) from None
    with held:
        return Supervisor(
            command_of(sys.argv[1:]), settings.workers, held, settings.state_dir
        ).run()


async def _serve(
    settings: "Settings", listening: socket.socket, worker: "Worker | None" = None
) -> None:
    _cancel_on_sigterm()
    from router.app import running
    from router.cli.banner import banner

    async with running(settings, worker) as (runtime, found):
        config = _config(runtime, settings)
        told: list[int] = []
        server = _server(config, runtime, told)
        # Uvicorn puts this handler in place itself, and at the end sends itself the signal again
        # under the handler that was there before: so there is no moment at which a signal is lost,
        # and requests in flight and the log always come first.
        signal.signal(signal.SIGTERM, server.handle_exit)
        settle_memory()
        if worker is None or worker.first:
            print(banner(found, runtime, *listening.getsockname()[:2]), flush=True)
        if worker is not None:
            _follow(worker, server)
            listening.listen(BACKLOG)
            worker.is_ready()
        await server.serve(sockets=[listening])
        # From now on a signal ends the wait for what goes on without callers.
        _cancel_on_sigterm()
        if len(told) > 2:
            # Uvicorn sends itself every signal once more, so this was more than one.
            runtime.stop(at_once=True)


def _config(runtime: "Runtime", settings: "Settings") -> "uvicorn.Config":
    import uvicorn

    from router.app import create_app
    from router.connection import Bounds, bounded

    return uvicorn.Config(
        create_app(runtime),
        http=bounded(Bounds(settings.max_head_bytes, settings.peer_timeout_s)),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        # What a proxy says of its callers is read by nobody here.
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=settings.keep_alive_s,
        # Whole seconds, and 0 would cut off every request.
        timeout_graceful_shutdown=math.ceil(settings.shutdown_s),
    )


def _follow(worker: "Worker", server: "uvicorn.Server") -> None:
    """End in good order when the supervisor is no more: the pipe that it holds closes with it."""
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(worker.orphaned)
        server.handle_exit(signal.SIGTERM, None)

    loop.add_reader(worker.orphaned, ended)


def settle_memory() -> None:
    """Have the garbage collector pass over all that is loaded, and look less often at the rest.

    A request leaves hundreds of objects and hardly a cycle; by its own thresholds it would be at
    work every second request, and walk through all policies and classifiers again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


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
        told = first["msg"].removeprefix("Value error, ")
        raise StartupError(
            f"{name}: {told}. Set it with {argument}SLM_ROUTER_{name.upper()}."
        ) from None


def _listen(host: str, port: int, shared: bool) -> socket.socket:
    from router.listening import bound, listen

    try:
        return bound(host, port) if shared else listen(host, port)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def _cannot_listen(host: str, port: int, error: OSError) -> StartupError:
    next_step = "Choose an address of this machine with --host, such as 127.0.0.1."
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        next_step = "Choose another port with --port, or 0 for any that is free."
    return StartupError(f"Cannot listen on {host}:{port}: {error.strerror or error}. {next_step}")


def _closed_unless_local(settings: "Settings", listening: socket.socket) -> "Settings":
    """Whoever reaches an address that others reach too needs a key."""
    address = ipaddress.ip_address(listening.getsockname()[0].partition("%")[0])
    return settings if address.is_loopback else settings.model_copy(update={"require_keys": True})


def _server(config: "uvicorn.Config", runtime: "Runtime", told: list[int]) -> "uvicorn.Server":
    """The server, which notes in `told` each signal that it was sent."""
    import uvicorn

    loop = asyncio.get_running_loop()

    class Server(uvicorn.Server):
        """Tells /readyz at the first signal, before requests in flight have finished; at the second
        it waits for none of them."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            told.append(sig)
            if not runtime.accepting:
                self.force_exit = True
                loop.call_soon_threadsafe(self._cut_short)
            runtime.stop()
            super().handle_exit(sig, frame)

        def _cut_short(self) -> None:
            # Those who are cut off are told so, if they take it in the time that they get.
            for task in self.server_state.tasks:
                task.cancel()
            loop.call_later(LAST_WORDS_S, self._hang_up)

        def _hang_up(self) -> None:
            for connection in tuple(self.server_state.connections):
                connection.transport.abort()

    return Server(config)
