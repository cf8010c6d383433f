"""Hot reload: reads the policy files again when they change or on SIGHUP, and swaps the gateway.

Rule: a reading that fails changes nothing but the record of it.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path

from router.errors import RouterError
from router.gateway import Gateway
from router.runtime import Reload, Runtime

logger = logging.getLogger(__name__)

QUIET_MS = 200
"""An editor or a ConfigMap update touches several files: wait until it has been quiet this long."""

Build = Callable[[], Awaitable[tuple[Gateway, frozenset[Path]]]]
"""Reads everything anew: the gateway, and the files it was read from."""


class Reloader:
    """Keeps a Runtime's gateway up to date with its files.

    `reloaded` is told of every reading, whether it went well.
    """

    def __init__(
        self,
        runtime: Runtime,
        build: Build,
        files: frozenset[Path],
        reloaded: Callable[[bool], None],
    ) -> None:
        self._runtime = runtime
        self._build = build
        self._files = files
        self._reloaded = reloaded
        self._asked = asyncio.Event()
        self._reading = asyncio.Lock()

    def ask(self) -> None:
        """Reload soon. Safe to call from a signal handler of the event loop."""
        self._asked.set()

    async def reload(self) -> bool:
        """Read everything anew; whether the new gateway is in force."""
        async with self._reading:
            now = self._runtime.gateway.clock.now()
            try:
                gateway, self._files = await self._build()
            except RouterError as error:
                self._runtime.reload = Reload(now, str(error))
                logger.error("policy not reloaded, the old one stays in force: %s", error)
                self._reloaded(False)
                return False
            self._runtime.gateway = gateway
            self._runtime.reload = Reload(now)
            logger.info("policy in force: %s", gateway.default.name_at_version)
            self._reloaded(True)
            return True

    async def run(self) -> None:
        """Watch files and signals until cancelled."""
        loop = asyncio.get_running_loop()
        # Threads other than the main one, and Windows, have no signals: files are watched still.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGHUP, self.ask)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._on_request())
            group.create_task(self._on_change())

    async def _on_request(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self.reload()

    async def _on_change(self) -> None:
        from watchfiles import awatch

        while True:
            files = self._files
            if not files:
                return
            async for _ in awatch(*_directories(files), debounce=QUIET_MS, recursive=False):
                await self.reload()
                if _directories(self._files) != _directories(files):
                    break


def _directories(files: Iterable[Path]) -> frozenset[Path]:
    # The directory, not the file: editors and ConfigMaps replace a file by renaming another.
    return frozenset(file.resolve().parent for file in files) | frozenset(f.parent for f in files)
