"""A sentence-transformers folder is read as its makers meant it, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifiers.errors import ArtifactError
from classifiers.sentence_folder import SentenceFolder

MODULES = [
    {"path": "", "type": "sentence_transformers.models.Transformer"},
    {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def written(folder: Path, **files: object) -> Path:
    (folder / "1_Pooling").mkdir()
    (folder / "tokenizer.json").write_text("{}")
    for name, content in files.items():
        file = name.replace("pooling", "1_Pooling/config") + ".json"
        (folder / file).write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({"pooling_mode": "lasttoken"}, "lasttoken"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_cls_token": True, "include_prompt": True}, "cls"),
        ({"pooling_mode_max_tokens": True}, "max"),
    ],
)
def test_the_pooling_is_read_in_both_spellings(
    described: object, expected: str, tmp_path: Path
) -> None:
    folder = written(tmp_path, modules=MODULES, pooling=described)

    assert SentenceFolder.read(folder).pooling == expected


@pytest.mark.parametrize(
    ("described", "named"),
    [
        ({"pooling_mode_mean_sqrt_len_tokens": True}, "mean_sqrt_len_tokens"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "mean and cls"),
        ({}, "nothing"),
    ],
)
def test_a_pooling_not_known_here_is_refused(described: object, named: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=f"pools by {named}"):
        SentenceFolder.read(written(tmp_path, modules=MODULES, pooling=described))


def test_a_module_not_known_here_is_refused(tmp_path: Path) -> None:
    dense = {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}

    with pytest.raises(ArtifactError, match="not known here: Dense"):
        SentenceFolder.read(written(tmp_path, modules=[*MODULES[:1], dense]))


def test_a_bare_transformer_is_averaged_up_to_the_usual_limit(tmp_path: Path) -> None:
    found = SentenceFolder.read(written(tmp_path))

    assert (found.pooling, found.max_tokens) == ("mean", 512)


def test_the_smallest_limit_holds_and_an_absurd_one_counts_for_nothing(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        sentence_bert_config={"max_seq_length": 256},
        tokenizer_config={"model_max_length": 1e30},
        config={"max_position_embeddings": 512},
    )

    assert SentenceFolder.read(folder).max_tokens == 256


def test_a_folder_without_a_tokeniser_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"tokenizer\.json"):
        SentenceFolder.read(tmp_path)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "modules.json").write_text("{")

    with pytest.raises(ArtifactError, match=r"modules\.json: cannot be read as JSON"):
        SentenceFolder.read(folder)


@pytest.mark.parametrize("files", [{"modules": ["Pooling"]}, {"config": [512]}, {"modules": 3}])
def test_json_of_another_layout_is_refused(files: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="not laid out"):
        SentenceFolder.read(written(tmp_path, **files))
