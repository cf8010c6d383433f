"""Whatever stands in a policy file, reading it ends in a policy or in PolicyFileError."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import PolicyFileError
from router.policyfile import load, shipped_policies
from router.policyfile.tree import read
from router.prices import bundled
from router.signals import SIGNALS, vocabulary

SHIPPED = shipped_policies()
_POLICY = (SHIPPED / "quality-first.yaml").read_text(encoding="utf-8")
_CATALOG = (SHIPPED / "models.yaml").read_text(encoding="utf-8")
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 5),
        st.floats(-2, 2),
        st.sampled_from(["all", "local", "fastest", "complexity", "small", "5s", "", "yes"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["kind", "signal", "is", "in", "all", "name", "when", "overall", "x"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def attempted(policy: str, catalog: str) -> None:
    """Read the two; every problem must point into its file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {folder / "p.yaml": policy, folder / "models.yaml": catalog}
        for file, text in files.items():
            file.write_text(text, encoding="utf-8")
        with contextlib.suppress(PolicyFileError):
            try:
                load(folder / "p.yaml", SIGNALS, vocabulary, bundled())
            except PolicyFileError as error:
                for problem in error.problems:
                    lines = files[Path(problem.file)].count("\n") + 2
                    assert 1 <= problem.line <= lines, problem
                    assert problem.column >= 1
                    assert problem.key
                    assert problem.expected
                raise


@settings(max_examples=60)
@given(data=st.data())
def test_a_file_with_any_value_in_any_place(data: st.DataObject) -> None:
    trees = [read(SHIPPED / name).root for name in ("quality-first.yaml", "models.yaml")]
    texts: list[str] = []
    for root in trees:
        assert root is not None
        tree = root.data
        place: Any = tree
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = data.draw(st.sampled_from(keys))
            inner = place[key]
            if not inner or not isinstance(inner, dict | list) or data.draw(st.booleans()):
                place[key] = data.draw(_VALUES)
                break
            place = inner
        texts.append(yaml.safe_dump(tree, sort_keys=False))
    attempted(*texts)


@settings(max_examples=60)
@given(
    at=st.integers(0, len(_POLICY)),
    cut=st.integers(0, 12),
    text=st.text(alphabet="{}[]:,-#&*!|>'\"%@`?~ \n\tabc015.é", max_size=4),
)
def test_a_file_with_any_slip_of_the_hand(at: int, cut: int, text: str) -> None:
    attempted(_POLICY[:at] + text + _POLICY[at + cut :], _CATALOG)
