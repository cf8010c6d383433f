"""What every head promises, asked of each of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from classifiers.artifact import pack, unpack
from classifiers.base import Design, Head, SparseRows
from classifiers.errors import DataError
from classifiers.heads import HEADS
from classifiers.train import take
from tests.classifiers.designs import rows_of

LABELS = {2: ["no", "yes"], 3: ["a", "b", "c"]}


@pytest.fixture(params=sorted(HEADS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[2, 3])
def classes(request: pytest.FixtureRequest) -> list[str]:
    return LABELS[request.param]


@pytest.fixture(params=["dense", "sparse"])
def design(request: pytest.FixtureRequest, classes: list[str]) -> tuple[Design, list[str]]:
    """Rows around one centre per class, and their labels."""
    draw = np.random.default_rng(3)
    y = draw.integers(0, len(classes), 90)
    centres = 3 * np.eye(len(classes), 6)
    dense = (centres[y] + draw.normal(size=(90, 6))).astype(np.float32)
    sparse = rows_of([[int(label)] for label in y], 8) if request.param == "sparse" else None
    return Design(dense, sparse), [classes[label] for label in y]


def fitted(kind: str, design: tuple[Design, list[str]]) -> Head:
    return HEADS[kind]().fit(*design)


def test_probabilities_are_one_row_per_text_and_sum_to_one(
    kind: str, design: tuple[Design, list[str]], classes: list[str]
) -> None:
    found = fitted(kind, design).predict_proba(design[0])

    assert found.shape == (90, len(classes))
    assert np.all((found >= 0) & (found <= 1))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_it_learns_what_can_be_learned(
    kind: str, design: tuple[Design, list[str]], classes: list[str]
) -> None:
    head = fitted(kind, design)
    guessed = np.array(head.classes_)[head.predict_proba(design[0]).argmax(axis=1)]

    assert head.classes_ == tuple(classes)
    assert np.mean(guessed == np.array(design[1])) > 0.9


def test_scores_and_probabilities_agree_on_the_order(
    kind: str, design: tuple[Design, list[str]]
) -> None:
    head = fitted(kind, design)
    scores, chances = head.decision_function(design[0]), head.predict_proba(design[0])

    assert np.array_equal(scores.argmax(axis=1), chances.argmax(axis=1))


def test_a_restored_head_answers_exactly_alike(
    kind: str, design: tuple[Design, list[str]], tmp_path: Path
) -> None:
    head = fitted(kind, design)
    stored = unpack(pack(head.arrays()), tmp_path)
    again = HEADS[kind].restore(head.classes_, stored)

    assert np.array_equal(again.predict_proba(design[0]), head.predict_proba(design[0]))


def test_a_row_is_judged_alone_as_among_others(kind: str, design: tuple[Design, list[str]]) -> None:
    X = design[0]
    head = fitted(kind, design)
    together = head.decision_function(X)

    for row in range(0, len(X), 9):
        alone = head.decision_function(take(X, np.array([row])))
        np.testing.assert_allclose(alone[0], together[row], rtol=1e-4, atol=1e-4)


def test_fitting_twice_gives_the_same_head(kind: str, design: tuple[Design, list[str]]) -> None:
    first, again = fitted(kind, design).arrays(), fitted(kind, design).arrays()

    assert first.keys() == again.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_a_head_is_stored_as_plain_arrays(kind: str, design: tuple[Design, list[str]]) -> None:
    assert all(array.dtype.kind in "iuf" for array in fitted(kind, design).arrays().values())


def test_rows_that_weigh_nothing_teach_nothing(
    kind: str, design: tuple[Design, list[str]], classes: list[str]
) -> None:
    X, y = design
    wrong = [classes[(classes.index(label) + 1) % len(classes)] for label in y]
    twice = Design(
        np.concatenate([X.dense, X.dense]),
        None if X.sparse is None else take(X, np.tile(np.arange(len(X)), 2)).sparse,
    )
    weights = np.repeat([1.0, 0.0], len(X))

    head = HEADS[kind]().fit(twice, [*y, *wrong], weights)

    guessed = np.array(head.classes_)[head.predict_proba(X).argmax(axis=1)]
    assert np.mean(guessed == np.array(y)) > 0.9


def test_heavier_rows_pull_harder(kind: str) -> None:
    X = Design(np.zeros((4, 2), dtype=np.float32))
    heavy_yes = HEADS[kind]().fit(X, ["no", "no", "yes", "yes"], np.array([1.0, 1, 9, 9]))
    even = HEADS[kind]().fit(X, ["no", "no", "yes", "yes"])

    assert heavy_yes.predict_proba(X)[0, 1] > even.predict_proba(X)[0, 1] + 0.1


def test_one_class_is_refused(kind: str) -> None:
    with pytest.raises(DataError, match="at least two classes"):
        HEADS[kind]().fit(Design(np.zeros((2, 2), dtype=np.float32)), ["a", "a"])


def test_a_text_without_any_sparse_value_is_judged_all_the_same(kind: str) -> None:
    X = Design(np.eye(4, 3, dtype=np.float32), rows_of([[0], [1], [0], [1]], 2))
    head = HEADS[kind]().fit(X, ["a", "b", "a", "b"])
    empty = SparseRows(np.zeros(0, np.int64), np.zeros(0, np.float32), np.array([0, 0]), 2)

    assert np.isfinite(head.predict_proba(Design(X.dense[:1], empty))).all()


def test_every_head_is_served_with_numpy_alone(tmp_path: Path) -> None:
    draw = np.random.default_rng(4)
    X = Design(draw.normal(size=(60, 4)).astype(np.float32))
    y = np.where(X.dense[:, 0] > 0, "yes", "no")
    expected = {}
    for name, head in HEADS.items():
        fitted = head().fit(X, y)
        (tmp_path / f"{name}.npz").write_bytes(pack(fitted.arrays()))
        expected[name] = fitted.predict_proba(X)[:, 1]
    np.save(tmp_path / "rows.npy", X.dense)

    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    for name, found in json.loads(done.stdout).items():
        np.testing.assert_allclose(found, expected[name], rtol=1e-4, atol=1e-6)


SERVE = """
import json, sys
from pathlib import Path
sys.modules.update(dict.fromkeys(["sklearn", "scipy", "threadpoolctl"]))
import numpy as np
from classifiers.artifact import unpack
from classifiers.base import Design
from classifiers.heads import HEADS
folder = Path(sys.argv[1])
X = Design(np.load(folder / "rows.npy"))
found = {}
for path in folder.glob("*.npz"):
    head = HEADS[path.stem].restore(["no", "yes"], unpack(path.read_bytes(), path))
    found[path.stem] = head.predict_proba(X)[:, 1].tolist()
print(json.dumps(found))
"""
