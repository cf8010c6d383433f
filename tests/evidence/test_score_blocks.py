"""Blocks of sessions, held against the same made session by session."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.feedback import SOURCES
from router.core.ledger import ARMS
from router.core.session_score import SessionScore
from router.evidence.quality import verdict
from router.evidence.score_blocks import columns_of, differences
from tests.fakes.scores import as_table

ROWS = st.lists(
    st.builds(
        SessionScore,
        session=st.sampled_from(["a", "b", "c", "ä", "z", "10", "9"]),
        arm=st.sampled_from(ARMS),
        source=st.sampled_from(SOURCES),
        at=st.sampled_from([1.0, 1.5, 2.0, 3.0])
        | st.integers(2**30, 2**32).map(lambda it: it / 2**30),
        judged=st.integers(1, 3),
        score=st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]),
    ),
    max_size=30,
    unique_by=lambda it: (it.session, it.arm, it.source),
)


def one_by_one(scores: Sequence[SessionScore]) -> list[float]:
    """Differences of treated and control as they are defined, a session after the other."""
    means: dict[str, dict[str, float]] = {"treated": {}, "control": {}}
    begun: dict[str, float] = {}
    for it in scores:
        if it.arm in means:
            means[it.arm][it.session] = it.mean
            begun[it.session] = min(begun.get(it.session, it.at), it.at)
    found: list[float] = []
    ones: list[float] = []
    others: list[float] = []
    for _, session in sorted(zip(begun.values(), begun, strict=True)):
        one, other = means["treated"].get(session), means["control"].get(session)
        if one is not None and other is not None:
            found.append(one - other)
            continue
        if one is not None:
            ones.append(one)
        if other is not None:
            others.append(other)
        if ones and others:
            found.append(sum(ones) / len(ones) - sum(others) / len(others))
            ones, others = [], []
    return found


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_blocks_are_those_made_session_by_session(rows: list[SessionScore]) -> None:
    for source in SOURCES:
        said = [it for it in rows if it.source == source]
        wanted = pytest.approx(one_by_one(said), abs=1e-15)
        assert differences(said).tolist() == wanted
        assert differences(as_table(rows, source)).tolist() == wanted


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_a_table_comes_to_the_same_verdict_as_its_rows(rows: list[SessionScore]) -> None:
    assert verdict(as_table(rows)) == verdict(rows)


def test_thousands_of_sessions_make_the_same_blocks() -> None:
    random = np.random.default_rng(0)
    rows = [
        SessionScore(
            f"s{random.integers(3000)}", ARMS[random.choice(4, p=[0.1, 0.6, 0.2, 0.1])], "user",
            float(at), 1, float(random.random()),
        )
        for at in random.permutation(4000)
    ]  # fmt: skip
    rows = list({(it.session, it.arm): it for it in rows}.values())
    assert differences(rows).tolist() == pytest.approx(one_by_one(rows), abs=1e-14)


def test_a_table_of_nothing_has_no_columns_to_speak_of() -> None:
    assert [len(it) for it in columns_of(as_table([]))] == [0] * 4
    assert differences([]).tolist() == []
