"""The reloader reads again what has changed, nothing else, and survives whatever it finds."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from router import reload as reloading
from router.errors import PolicyFileError, Problem
from router.gateway import Gateway
from router.marks import marks
from router.reload import Built, Reloader
from router.runtime import Reload, Runtime
from router.settings import Settings
from tests.fakes.gateway import fake_gateway, policy


@dataclass
class Disk:
    """A policy that consists of a few files: their texts are its version."""

    watched: list[Path]
    error: Exception | None = None
    readings: int = 0
    told: list[bool] = field(default_factory=list)

    async def build(self) -> Built:
        self.readings += 1
        if self.error is not None:
            raise self.error
        texts = "".join(path.read_text() for path in self.watched)
        return Built(gateway_at(texts), marks(self.watched))


def gateway_at(version: str) -> Gateway:
    gateway = fake_gateway({})
    in_force = {name: replace(it, version=version) for name, it in gateway.policies.items()}
    return replace(gateway, policies=in_force)


def served(disk: Disk) -> tuple[Runtime, Reloader]:
    gateway = gateway_at("".join(path.read_text() for path in disk.watched))
    runtime = Runtime(gateway, Settings(), lambda: (b"", ""), Reload(0.0), 0.0)
    return runtime, Reloader(runtime, disk.build, marks(disk.watched), disk.told.append)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "QUIET_S", 0.0)
    monkeypatch.setattr(reloading, "LOOK_S", 0.01)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    file = tmp_path / "here" / "policy.yaml"
    file.parent.mkdir()
    file.write_text("one")
    return Disk([file])


async def test_files_that_hold_what_they_held_are_not_read_again(disk: Disk) -> None:
    _, reloader = served(disk)
    [file] = disk.watched

    await reloader.look()
    file.write_text("one")
    (file.parent / "serve.log").write_text("policy in force")
    await reloader.look()

    assert disk.readings == 0


async def test_a_change_is_read_once(disk: Disk) -> None:
    runtime, reloader = served(disk)
    disk.watched[0].write_text("two")

    for _ in range(3):
        await reloader.look()

    assert runtime.gateway.default.version == "two"
    assert disk.readings == 1
    assert disk.told == [True]


async def test_what_is_written_while_it_is_read_is_read_again(disk: Disk) -> None:
    runtime, reloader = served(disk)
    [file] = disk.watched
    build = disk.build

    async def slow() -> Built:
        built = await build()
        if disk.readings == 1:
            file.write_text("three")
        return Built(built.gateway, marks(disk.watched))

    reloader._build = slow
    file.write_text("two")
    await reloader.look()
    await reloader.look()

    assert runtime.gateway.default.version == "three"


async def test_a_folder_that_vanishes_and_comes_back_is_read_again(disk: Disk) -> None:
    runtime, reloader = served(disk)
    [file] = disk.watched
    file.unlink()
    file.parent.rmdir()
    await reloader.look()
    assert runtime.reload.error is not None
    assert runtime.gateway.default.version == "one"

    file.parent.mkdir()
    file.write_text("two")
    await reloader.look()

    assert runtime.gateway.default.version == "two"
    assert runtime.reload.error is None


async def test_a_refused_reading_is_mended_in_a_file_that_only_it_knew(disk: Disk) -> None:
    runtime, reloader = served(disk)
    models = disk.watched[0].parent / "sub" / "models.yaml"
    problem = Problem(str(models), 1, 1, "file", "expected a file that exists")
    disk.error = PolicyFileError([problem], (str(disk.watched[0]), str(models)))
    disk.watched[0].write_text("two")
    for _ in range(5):
        await reloader.look()
    refused = disk.readings
    assert refused <= 2

    models.parent.mkdir()
    models.write_text("models")
    disk.error = None
    await reloader.look()

    assert disk.readings == refused + 1
    assert runtime.gateway.default.version == "two"


async def test_an_error_that_nobody_foresaw_is_recorded_and_the_watching_goes_on(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    runtime, reloader = served(disk)
    watching = asyncio.create_task(reloader.run())
    disk.error = ZeroDivisionError("secret")
    disk.watched[0].write_text("two")
    await until(lambda: runtime.reload.error is not None)
    assert "ZeroDivisionError" in (runtime.reload.error or "")
    assert "secret" not in (runtime.reload.error or "")

    disk.error = None
    disk.watched[0].write_text("three")
    await until(lambda: runtime.gateway.default.version == "three")

    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert any(record.exc_info for record in caplog.records)


async def test_a_look_that_fails_does_not_end_the_watching(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, reloader = served(disk)
    looks: list[int] = []

    def no_thread(watched: tuple[Path, ...]) -> object:
        looks.append(1)
        if len(looks) < 3:
            raise RuntimeError("can't start new thread")
        return marks(watched)

    monkeypatch.setattr(reloading, "marks", no_thread)
    disk.watched[0].write_text("two")
    watching = asyncio.create_task(reloader.run())
    await until(lambda: runtime.gateway.default.version == "two")

    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_only_a_change_of_a_version_is_told_unless_someone_asked(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "router")
    _, reloader = served(disk)

    await reloader.reload()
    assert caplog.messages == []
    reloader.ask()
    await reloader._on_request()
    assert caplog.messages == ["policy files read again, no policy has changed"]
    disk.watched[0].write_text("two")
    await reloader.look()

    assert caplog.messages[1:] == ["policy in force: default@two"]


async def test_a_change_of_what_is_judged_is_told_though_it_is_no_other_version(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "router")
    _, reloader = served(disk)
    build, judged = disk.build, policy(judging={"model": "large", "share": 0.1})

    async def other() -> Built:
        built = await build()
        in_force = {"default": replace(built.gateway.default, policy=judged)}
        return Built(replace(built.gateway, policies=in_force), built.seen)

    reloader._build = other
    await reloader.reload()

    assert caplog.messages == ["policy in force: default@one"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  a test waits for what has no event
            await asyncio.sleep(0.01)
