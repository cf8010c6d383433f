"""An artifact is read back exactly, or refused with the name of the file at fault."""

from __future__ import annotations

import json
import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classifiers import artifact
from classifiers.errors import ArtifactError
from classifiers.prompt_classifier import PromptClassifier

FILES = ["tokenizer.json", "vectors.npz", "encoder.npz", "head_domain.npz", "manifest.json"]


@pytest.fixture
def copy(small_artifact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_artifact, tmp_path / "copy"))


@given(arrays(np.float32, (3, 2)), arrays(np.int8, st.integers(0, 5)))
def test_arrays_survive_packing(floats: np.ndarray, steps: np.ndarray) -> None:
    packed = artifact.pack({"floats": floats, "steps": steps})
    found = artifact.unpack(packed, Path("x"))

    np.testing.assert_array_equal(found["floats"], floats)
    np.testing.assert_array_equal(found["steps"], steps)
    assert packed == artifact.pack({"floats": floats, "steps": steps})


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused_by_name(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])

    with pytest.raises(ArtifactError, match=name):
        PromptClassifier.load(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(copy: Path, name: str) -> None:
    (copy / name).unlink()

    with pytest.raises(ArtifactError, match=name):
        PromptClassifier.load(copy)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.data())
def test_a_single_changed_byte_is_noticed(copy: Path, data: st.DataObject) -> None:
    path = copy / data.draw(st.sampled_from(FILES[2:4]))
    original = path.read_bytes()
    place = data.draw(st.integers(0, len(original) - 1))
    path.write_bytes(original[:place] + bytes([original[place] ^ 1]) + original[place + 1 :])

    with pytest.raises(ArtifactError, match=path.name):
        PromptClassifier.load(copy)
    path.write_bytes(original)


def test_an_edited_manifest_is_refused(copy: Path) -> None:
    path = copy / artifact.MANIFEST
    path.write_text(path.read_text().replace('"biology"', '"astrology"'))

    with pytest.raises(ArtifactError, match=r"manifest\.json: its content differs"):
        PromptClassifier.load(copy)


def test_an_artifact_of_a_later_format_says_to_upgrade(copy: Path) -> None:
    body = json.loads((copy / artifact.MANIFEST).read_text())
    (copy / artifact.MANIFEST).write_text(json.dumps({**body, "format": artifact.FORMAT + 1}))

    with pytest.raises(ArtifactError, match="upgrade slm-router"):
        PromptClassifier.load(copy)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"sha256": "x", "format": "1"}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / artifact.MANIFEST).write_text(text)

    with pytest.raises(ArtifactError, match=artifact.MANIFEST):
        artifact.load(tmp_path)


def test_a_manifest_cannot_reach_outside_its_folder(tmp_path: Path) -> None:
    artifact.save(tmp_path / "a", {}, {})
    body = {"format": 1, "files": {"../secret": "0"}}
    signed = {**body, "sha256": artifact.sha256_of(body)}
    (tmp_path / "a" / artifact.MANIFEST).write_text(json.dumps(signed))

    with pytest.raises(ArtifactError, match="outside its folder"):
        artifact.load(tmp_path / "a")


def test_a_manifest_that_describes_something_else_is_refused(tmp_path: Path) -> None:
    artifact.save(tmp_path, {"embedder": {"kind": "static"}}, {})

    with pytest.raises(ArtifactError, match="does not describe a prompt classifier"):
        PromptClassifier.load(tmp_path)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "evil.npz", evil=np.array([{"an": "object"}], dtype=object))

    with pytest.raises(ArtifactError, match="plain arrays"):
        artifact.unpack((tmp_path / "evil.npz").read_bytes(), tmp_path / "evil.npz")


def test_the_version_follows_the_content(tmp_path: Path) -> None:
    first = artifact.save(tmp_path / "a", {"x": 1}, {"f": b"1"})
    same = artifact.save(tmp_path / "b", {"x": 1}, {"f": b"1"})
    other = artifact.save(tmp_path / "c", {"x": 1}, {"f": b"2"})

    assert first.version == same.version == artifact.load(tmp_path / "a")[0].version
    assert first.version != other.version


def test_a_full_disk_leaves_the_artifact_that_stands_there_as_it_was(copy: Path) -> None:
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(ArtifactError, match="cannot be written"):
            artifact.save(copy, {}, {"encoder.npz": b"new", "vectors.npz": bytes(20_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)

    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ArtifactError, match="file/out: cannot be written"):
        artifact.save(tmp_path / "file" / "out", {}, {})
