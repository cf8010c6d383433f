"""Hot reload: reads the policy files again when they change or on SIGHUP, and swaps the gateway.

Rule: a reading that fails changes nothing but the record of it.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from router.core.judging import Judging
from router.errors import PolicyFileError, RouterError
from router.gateway import Gateway
from router.marks import Marks, marks
from router.runtime import Reload, Runtime

logger = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often the files are looked at. Looking beats being told by the system: it finds folders that
vanish and come back, links that are swapped and shared disks, and it cannot be set off by our own
log next to the policy."""

QUIET_S = 0.2
"""An editor or a ConfigMap update touches several files: wait until it has been quiet this long."""

MOST_WAITS = 25
"""A file that is never quiet is read all the same."""


@dataclass(frozen=True, slots=True)
class Built:
    """A gateway, and what the files held that it was read from."""

    gateway: Gateway
    seen: Marks


Build = Callable[[], Awaitable[Built]]
"""Reads everything anew."""


class Reloader:
    """Keeps a Runtime's gateway up to date with its files.

    `seen` is what the files held when that gateway was built. `reloaded` is told of every reading,
    whether it went well.
    """

    def __init__(
        self, runtime: Runtime, build: Build, seen: Marks, reloaded: Callable[[bool], None]
    ) -> None:
        self._runtime = runtime
        self._build = build
        self._seen = dict(seen)
        self._reloaded = reloaded
        self._asked = asyncio.Event()
        self._reading = asyncio.Lock()

    def ask(self) -> None:
        """Reload soon. Safe to call from a signal handler of the event loop."""
        self._asked.set()

    async def reload(self) -> bool:
        """Read everything anew; whether the new gateway is in force."""
        async with self._reading:
            # Looked at before they are read: what is written in between is found at the next look.
            before = await asyncio.to_thread(marks, tuple(self._seen))
            [built] = await asyncio.gather(self._build(), return_exceptions=True)
            if isinstance(built, Built):
                self._take(built, before)
            elif isinstance(built, Exception):
                self._refuse(built, before)
            else:
                raise built
            self._reloaded(isinstance(built, Built))
            return isinstance(built, Built)

    async def look(self) -> None:
        """Reload if a file does not hold any longer what was last read from it."""
        now = await self._marks()
        for _ in range(MOST_WAITS):
            if now == self._seen:
                return
            await asyncio.sleep(QUIET_S)
            earlier, now = now, await self._marks()
            if now == earlier:
                break
        await self.reload()

    async def run(self) -> None:
        """Watch files and signals until cancelled."""
        loop = asyncio.get_running_loop()
        # Threads other than the main one, and Windows, have no signals: files are watched still.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGHUP, self.ask)
            # One that was sent while all was being loaded has waited for us.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self._on_request))
            group.create_task(self._repeat(self._on_change))

    async def _on_request(self) -> None:
        await self._asked.wait()
        self._asked.clear()
        in_force = self._runtime.gateway
        if await self.reload() and _versions(self._runtime.gateway) == _versions(in_force):
            # Told only to who asked: a line for every change could itself be a change.
            logger.info("policy files read again, no policy has changed")

    async def _on_change(self) -> None:
        await asyncio.sleep(LOOK_S)
        await self.look()

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            [failure] = await asyncio.gather(step(), return_exceptions=True)
            if isinstance(failure, Exception):
                # Such as no thread to be had: the next step may find one.
                logger.error("the policy files could not be watched", exc_info=failure)
                await asyncio.sleep(LOOK_S)

    async def _marks(self) -> Marks:
        return await asyncio.to_thread(marks, tuple(self._seen))

    def _take(self, built: Built, before: Marks) -> None:
        replaced, self._runtime.gateway = self._runtime.gateway, built.gateway
        self._runtime.reload = Reload(built.gateway.clock.now())
        self._seen = {path: before.get(path, mark) for path, mark in built.seen.items()}
        if _versions(replaced) != _versions(built.gateway):
            names = (it.name_at_version for it in built.gateway.policies.values())
            logger.info("policy in force: %s", ", ".join(names))

    def _refuse(self, error: Exception, before: Marks) -> None:
        known = isinstance(error, RouterError)
        told = str(error) if known else f"{type(error).__name__}, which was not expected"
        self._runtime.reload = Reload(self._runtime.gateway.clock.now(), told)
        # The reading may have failed over files that the gateway in force does not know.
        fresh = error.files if isinstance(error, PolicyFileError) else ()
        self._seen = {**dict.fromkeys(map(Path, fresh)), **before}
        logger.error(
            "policy not reloaded, the old one stays in force: %s",
            told,
            exc_info=None if known else error,
        )


def _versions(gateway: Gateway) -> dict[str, tuple[str, Judging | None]]:
    # What is judged is no part of a version, and yet a change that somebody has made.
    return {name: (it.version, it.policy.judging) for name, it in gateway.policies.items()}
