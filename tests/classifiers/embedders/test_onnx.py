"""What is asked of ONNX graphs alone: whose bytes run, what is refused, and no word to anyone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from classifiers import prompt_classifier, train
from classifiers.base import Arrays, Options
from classifiers.embedders import onnx as embedders_onnx
from classifiers.embedders.onnx import OnnxEmbedder
from classifiers.errors import ArtifactError, MissingExtraError
from classifiers.prompt_classifier import PromptClassifier
from classifiers.tokens import Tokeniser
from tests.architecture.tree import ROOT
from tests.classifiers.conftest import generated_tables
from tests.classifiers.graphs import pointing_model, summing_model, tiny_folder, tiny_model

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

TEXTS = ["What is a tide?", "Prove that it is so, and say why, in full and at length.", "Hello"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> OnnxEmbedder:
    return OnnxEmbedder.open(str(tiny_folder(tmp_path_factory.mktemp("onnx") / "tiny")))


def stored(tiny: OnnxEmbedder) -> tuple[Options, Arrays]:
    return tiny.options(), tiny.arrays()


def test_company_changes_not_a_bit_although_a_run_shares_one_scale(
    tiny: OnnxEmbedder, tokeniser: Tokeniser
) -> None:
    together = tiny.embed(tokeniser.batch(TEXTS))
    alone = np.concatenate([tiny.embed(tokeniser.batch([text])) for text in TEXTS])

    assert np.array_equal(together, alone)


def test_threads_may_share_one(tiny: OnnxEmbedder, tokeniser: Tokeniser) -> None:
    batch = tokeniser.batch(TEXTS)
    expected = tiny.embed(batch)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: tiny.embed(batch), range(40)))

    assert all(np.array_equal(each, expected) for each in found)


def test_a_text_beyond_the_models_limit_is_cut_there(
    tiny: OnnxEmbedder, tokeniser: Tokeniser
) -> None:
    limit = tiny.graph.folder.max_tokens
    words = ["tide"] * limit

    exact, longer = tiny.embed(tokeniser.batch([" ".join(words), " ".join([*words, "proof"])]))

    assert np.array_equal(exact, longer)


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "lasttoken"])
def test_token_vectors_are_pooled_as_the_folder_says(
    pooling: str, tmp_path: Path, tokeniser: Tokeniser
) -> None:
    embedder = OnnxEmbedder.open(str(tiny_folder(tmp_path / "tiny", pooling)))
    ids = embedder.tokeniser.encode("the tide of time").ids
    rows = embedder.session.run(None, {"input_ids": np.array([ids])})[0][0]
    pooled = {
        "mean": rows.mean(axis=0),
        "cls": rows[0],
        "max": rows.max(axis=0),
        "lasttoken": rows[-1],
    }[pooling]

    found = embedder.embed(tokeniser.batch(["the tide of time"]))[0]

    np.testing.assert_allclose(found, pooled / np.linalg.norm(pooled), atol=1e-5)


def test_the_manifest_names_the_model_and_its_hash(tiny: OnnxEmbedder) -> None:
    said = tiny.options()

    assert said["model"] == "model.onnx"
    assert len(str(said["sha256"])) == 64


def test_another_model_than_the_one_named_is_refused(tiny: OnnxEmbedder) -> None:
    options, arrays = stored(tiny)
    changed = arrays["model"].copy()
    changed[-1] ^= 1

    with pytest.raises(ValueError, match=r"SHA-256 of model\.onnx"):
        OnnxEmbedder.restore(options, {**arrays, "model": changed})


def test_a_missing_model_is_refused(tiny: OnnxEmbedder) -> None:
    options, arrays = stored(tiny)

    with pytest.raises(ValueError, match=r"model\.onnx or its tokeniser is missing"):
        OnnxEmbedder.restore(options, {"tokeniser": arrays["tokeniser"]})


def test_an_unknown_pooling_is_refused(tiny: OnnxEmbedder) -> None:
    options, arrays = stored(tiny)

    with pytest.raises(ValueError, match="pools by magic"):
        OnnxEmbedder.restore({**options, "pooling": "magic"}, arrays)


def test_an_artifact_whose_manifest_names_another_model_is_refused_with_what_to_do(
    tiny: OnnxEmbedder, tokeniser: Tokeniser, small: PromptClassifier, tmp_path: Path
) -> None:
    from classifiers import artifact
    from classifiers.encoder import Encoder

    encoder = Encoder.fit(tokeniser, tiny, TEXTS, buckets=64)
    prompt_classifier.save(tmp_path, encoder, small.heads, {"mean_complexity": 0.5})
    manifest, files = artifact.load(tmp_path)
    described = manifest.body["embedder"]
    other = {**described, "options": {**described["options"], "sha256": "0" * 64}}
    artifact.save(tmp_path, {**manifest.body, "embedder": other}, files)

    with pytest.raises(ArtifactError, match=r"SHA-256 of model\.onnx .* train it again"):
        PromptClassifier.load(tmp_path)


@pytest.mark.parametrize("location", ["weights.bin", "../weights.bin", "{}/weights.bin"])
def test_a_graph_that_points_to_files_is_refused_wherever_they_lie(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.classifiers.graphs import VOCABULARY, WIDTH

    inner = tmp_path / "inner"
    folder = tiny_folder(inner, content=pointing_model(location.format(tmp_path)))
    for place in (tmp_path, inner):
        np.zeros((VOCABULARY, WIDTH), np.float32).tofile(place / "weights.bin")
    monkeypatch.chdir(inner)

    with pytest.raises(ArtifactError, match="the ONNX model is refused"):
        OnnxEmbedder.open(str(folder))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (tiny_model(operator="Fetch", domain="my.operators"), "is refused"),
        (tiny_model(asked="pixel_values"), "asks for pixel_values"),
        (summing_model(), "not one vector per token"),
        (b"import os", "is refused"),
        (b"", "is refused"),
    ],
    ids=["custom operator", "another input", "another output", "no graph", "nothing"],
)
def test_what_is_no_embedder_of_plain_operators_is_refused(
    content: bytes, problem: str, tmp_path: Path
) -> None:
    folder = tiny_folder(tmp_path / "tiny", content=content)

    with pytest.raises(ArtifactError, match=problem):
        OnnxEmbedder.open(str(folder))


def test_the_graph_may_lie_in_the_folder_onnx_and_be_named_itself(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "tiny")
    (folder / "onnx").mkdir()
    file = (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")

    by_folder, by_file = OnnxEmbedder.open(str(folder)), OnnxEmbedder.open(str(file))

    assert by_folder.options() == by_file.options()


def test_without_a_model_it_says_how_to_make_one() -> None:
    with pytest.raises(ArtifactError, match=r"python -m classifiers\.export_onnx"):
        OnnxEmbedder.open(None)


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_folder(tmp_path / "tiny")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    with pytest.raises(MissingExtraError, match=r'pip install "slm-router\[onnx\]"'):
        OnnxEmbedder.open(str(folder))


@pytest.mark.parametrize(("said", "expected"), [(None, 1), ("3", 3), ("2,4", 2), ("all", 1)])
def test_one_thread_unless_the_environment_allows_more(
    said: str | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if said is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", said)

    assert embedders_onnx.threads() == expected


def test_nothing_of_its_use_is_told_or_kept(tmp_path: Path) -> None:
    """onnxruntime reports to its maker by default, and begins by keeping an identifier at home."""
    folder, home = tiny_folder(tmp_path / "tiny"), tmp_path / "home"
    home.mkdir()
    code = (
        "import sys; from classifiers.embedders.onnx import OnnxEmbedder;"
        "OnnxEmbedder.open(sys.argv[1])"
    )
    kept_out = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in kept_out}

    subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env={**environment, "HOME": str(home)},
        cwd=ROOT,
        check=True,
    )

    assert list(home.rglob("*")) == []


def test_the_commands_take_a_classifier_trained_with_it(
    tiny: OnnxEmbedder, tokeniser: Tokeniser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from router.cli import main

    encoder, heads = train.train(generated_tables(), tokeniser, tiny, buckets=128)
    folder = tmp_path / "artifact"
    prompt_classifier.save(folder, encoder, heads, {"mean_complexity": 0.5})
    file = tmp_path / "prompts.jsonl"
    file.write_text(json.dumps({"prompt": "hello apple river stone hello"}) + "\n")

    code = main(["classify", str(file), "--artifact", str(folder), "--embedder", "onnx"])

    assert code == 0
    expected = PromptClassifier.load(folder).judge(["hello apple river stone hello"])[0]
    found = json.loads(capsys.readouterr().out)
    assert found["domain"] == expected.domain
    assert found["complexity"] == pytest.approx(expected.complexity, abs=1e-5)
