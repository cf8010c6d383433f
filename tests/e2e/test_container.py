"""The container without a container: the Dockerfile's own commands, on a disk that is read-only.

Its COPY and RUN lines are carried out in a folder, less what the packages it asks for bring
(test_wheel.py installs those for real). Then what it starts runs in a mount namespace where only
the state can be written to, as a user who is not root.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.dockerfile import DOCKERFILE, ROOT, environment, here, stages, the
from tests.fakes.process import free_port

UNPRIVILEGED = "65532"
# Reading is allowed everywhere, for this Python may lie in a home of root's; writing is not.
AS_NOBODY = (
    f"exec setpriv --reuid={UNPRIVILEGED} --regid={UNPRIVILEGED} --clear-groups --no-new-privs"
    " --inh-caps=-all,+dac_read_search --ambient-caps=+dac_read_search --"
)
READ_ONLY = "mount --bind {state} {state} && mount -o remount,bind,ro /"
# Not over packages that are borrowed from a checkout below /tmp: they would be gone.
if not any(path.startswith("/tmp/") for path in sys.path):
    READ_ONLY += " && mount -t tmpfs none /tmp"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mount namespaces are Linux's")


class Image:
    """What the Dockerfile makes, in a folder. `state` is its volume."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.paths = {"/opt/slm-router": str(folder / "opt"), "/state": str(self.state)}
        self.paths[environment()["SLM_ROUTER_STATE_DIR"]] = str(self.state)

    def build(self) -> None:
        """Carry out the first stage."""
        source = self.folder / "src"
        source.mkdir()
        for instruction in stages()[0]:
            if instruction.name == "COPY":
                *names, _ = instruction.value.split()
                for name in names:
                    _copy(ROOT / name, source / name)
            elif instruction.name == "RUN":
                words = here(instruction.words, self.paths)
                if "pip" in words:
                    words.insert(words.index("install") + 1, "--no-deps")
                done = subprocess.run(
                    words, cwd=source, capture_output=True, text=True, check=False, timeout=110
                )
                assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        shutil.rmtree(source)  # nothing of it is in the image
        (site,) = (self.folder / "opt" / "lib").glob("python3.*/site-packages")
        others = [path for path in sys.path if path.endswith("site-packages")]
        (site / "others.pth").write_text("\n".join(others))

    def environment(self, **more: str) -> dict[str, str]:
        """What the image sets, and nothing of ours."""
        env = {name: here([value], self.paths)[0] for name, value in environment().items()}
        env["PATH"] = env["PATH"].replace("$PATH", os.environ["PATH"])
        return {**env, **more}

    def command(self, words: list[str]) -> list[str]:
        """A command of the image, as it would run in the container."""
        script = f"{READ_ONLY.format(state=shlex.quote(str(self.state)))} && {AS_NOBODY} "
        return ["unshare", "--mount", "sh", "-c", script + shlex.join(words)]

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """A command of the image, to its end."""
        return subprocess.run(
            self.command(list(words)),
            env=self.environment(**env),
            cwd=self.state,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, to)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    tried = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"mount -o remount,bind,ro / && {AS_NOBODY} true"],
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode != 0:
        pytest.skip(f"no mount namespaces for this user: {tried.stderr.strip()}")
    # Not below /tmp, over which the container has a file system of its own.
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="slm-router-image-") as folder:
        Path(folder).chmod(0o755)
        made = Image(Path(folder))
        made.build()
        yield made


def test_without_a_key_it_does_not_start_and_says_how_to_make_one(image: Image) -> None:
    done = image.run(*the("ENTRYPOINT").words, *the("CMD").words, SLM_ROUTER_PORT="0")
    assert done.returncode == 1
    assert "slm-router keys create" in done.stderr


def test_with_the_key_that_it_made_it_serves_read_only_and_as_nobody(image: Image) -> None:
    (line,) = (
        line
        for line in DOCKERFILE.with_name("README.md").read_text().splitlines()
        if " keys create " in line
    )
    made = image.run(*the("ENTRYPOINT").words, *shlex.split(line.partition(" slm-router ")[2]))
    assert made.returncode == 0, made.stdout + made.stderr
    key = next(word for word in made.stdout.split() if word.startswith("slm-"))

    env = {"SLM_ROUTER_PORT": str(free_port()), "SLM_ROUTER_HOST": "127.0.0.1"}
    env["SLM_ROUTER_REQUIRE_KEYS"] = "true"  # as on the address that the image listens on
    gateway = subprocess.Popen(
        image.command([*the("ENTRYPOINT").words, *the("CMD").words]),
        env=image.environment(**env),
        cwd=image.state,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while (checked := image.run(*the("HEALTHCHECK").words, **env)).returncode:
            assert gateway.poll() is None and time.monotonic() < deadline, checked.stderr
        assert answered_by(env["SLM_ROUTER_PORT"], key).startswith("sim-")
        assert f"Uid:\t{UNPRIVILEGED}" in Path(f"/proc/{gateway.pid}/status").read_text()
    finally:
        gateway.send_signal(signal.SIGTERM)
        told, _ = gateway.communicate(timeout=30)
    assert gateway.returncode == 0, told
    assert {"keys.sqlite3", "decisions.sqlite3"} <= {file.name for file in image.state.iterdir()}


def test_it_is_unhealthy_where_nothing_listens(image: Image) -> None:
    assert image.run(*the("HEALTHCHECK").words, SLM_ROUTER_PORT=str(free_port())).returncode != 0


def test_nothing_but_the_state_can_be_written_to(image: Image) -> None:
    def writing(path: Path) -> int:
        return image.run("python", "-c", f"open({str(path)!r}, 'w')").returncode

    assert writing(image.state / "written") == 0
    assert writing(image.folder / "opt" / "written") != 0


def answered_by(port: str, key: str) -> str:
    """One routed request; who answered."""
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "Hello"}]})
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions", body.encode(), headers
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["x-slm-router-model"])
