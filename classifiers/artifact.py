"""A classifier on disk: plain files and a manifest that vouches for each of them.

Never code: arrays are read with `allow_pickle=False`, everything else is JSON. The manifest holds
the SHA-256 of every file and of itself, so damage and tampering are noticed before anything is
used. (It guards against accident and careless edits, not against someone who recomputes it.)
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from classifiers.base import Arrays
from classifiers.errors import ArtifactError

FORMAT = 1
MANIFEST = "manifest.json"
RETRAIN = "install it again or train it again with `slm-router train`"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an artifact says about itself.

    Attributes:
        version: first 12 hex digits of the hash of the whole content.
        body: everything else: embedder, heads with classes and calibration, training data, scores.
    """

    version: str
    body: Mapping[str, Any]


def save(folder: Path, body: Mapping[str, Any], files: Mapping[str, bytes]) -> Manifest:
    """Write files and manifest into `folder` (created), replacing those of the same name.

    They take their places once all are written, so that a full disk costs no artifact that stands
    there. Raises ArtifactError where they cannot be written.
    """
    hashes = {name: _sha256(content) for name, content in sorted(files.items())}
    vouched = {"format": FORMAT, **body, "files": hashes}
    digest = sha256_of(vouched)
    text = json.dumps({**vouched, "sha256": digest}, indent=2, sort_keys=True, ensure_ascii=False)
    try:
        _replace(folder, {**files, MANIFEST: f"{text}\n".encode()})
    except OSError as error:
        told = f"cannot be written ({error.strerror}); what stands there is as it was"
        raise ArtifactError(folder, told) from error
    return Manifest(digest[:12], vouched)


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".unfinished-", dir=folder) as unfinished:
        for name, content in files.items():
            (Path(unfinished) / name).write_bytes(content)
        for name in files:
            (Path(unfinished) / name).replace(folder / name)


def load(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """Return the manifest and every file it names, all verified.

    Raises ArtifactError naming the file that is missing, damaged, tampered with or too new.
    """
    manifest = _read_manifest(folder / MANIFEST)
    files = {name: _read(folder / name) for name in manifest.body["files"]}
    for name, content in files.items():
        if _sha256(content) != manifest.body["files"][name]:
            raise ArtifactError(folder / name, f"its SHA-256 differs from the manifest; {RETRAIN}")
    return manifest, files


def _read_manifest(path: Path) -> Manifest:
    try:
        body = json.loads(_read(path))
        digest, form = body.pop("sha256"), body["format"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(path, f"not a classifier's manifest ({error!r}); {RETRAIN}") from error
    if not isinstance(form, int) or form > FORMAT:
        newer = f"format {form} is newer than {FORMAT}, the newest known here; upgrade slm-router"
        raise ArtifactError(path, newer)
    if sha256_of(body) != digest:
        raise ArtifactError(path, f"its content differs from its own SHA-256; {RETRAIN}")
    strays = [name for name in body.get("files", {}) if Path(name).name != name]
    if strays:
        raise ArtifactError(path, f"names files outside its folder: {strays}")
    return Manifest(digest[:12], body)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(path, f"cannot be read ({error.strerror}); {RETRAIN}") from error


def sha256_of(body: Mapping[str, Any]) -> str:
    """Return the hash of a manifest's content, which does not depend on its layout."""
    return _sha256(json.dumps(body, sort_keys=True).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def pack(arrays: Arrays) -> bytes:
    """Return named arrays as the bytes of an `.npz` file (the same bytes for the same arrays)."""
    buffer = io.BytesIO()
    named: dict[str, Any] = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    np.savez_compressed(buffer, allow_pickle=False, **named)
    return buffer.getvalue()


def unpack(content: bytes, path: Path) -> Arrays:
    """Return the arrays of `.npz` bytes; raises ArtifactError naming `path` for anything else."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise ArtifactError(path, f"not an archive of plain arrays; {RETRAIN}") from error
