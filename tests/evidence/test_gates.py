"""Gates: a strict grammar, and failing closed."""

import pytest

from router.evidence.figure import Figure, not_measured, too_few
from router.evidence.gates import Gate, failure, gate

FIGURES = {
    "quality": Figure(
        "quality", "score", "value", "By users -0.01.", "measured", -0.01, -0.03, 0.01
    ),
    "quality.judge": not_measured("quality.judge", "score", "Nothing was judged: send feedback."),
    "saved": too_few("saved", "share", "Too few sessions: 3 of 30.", 3, 30),
}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("quality < -0.02", ("quality", "value", "<", -0.02)),
        ("  quality.judge.low<=-2% ", ("quality.judge", "low", "<=", -0.02)),
        ("saved.high > .5", ("saved", "high", ">", 0.5)),
        ("Cost_P95 >= 1e-3", ("cost_p95", "value", ">=", 0.001)),
    ],
)
def test_a_gate_is_read(text: str, read: tuple[str, str, str, float]) -> None:
    found = gate(text)

    assert (found.figure, found.end, found.op, found.bound) == pytest.approx(read)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quality",
        "quality < ",
        "quality == 1",
        "< 3",
        "quality < 1 or 2",
        "quality < nan",
        "1<2",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 'quality < -0\.02'"):
        gate(text)


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        ("quality < -0.02", False),
        ("quality < -0.005", True),
        ("quality.low < -0.02", True),
        ("quality.high < -0.02", False),
        ("quality >= -0.01", True),
        ("quality > -0.01", False),
    ],
)
def test_it_fails_by_the_value_or_by_an_end_of_the_interval(text: str, fails: bool) -> None:
    reason = failure(gate(text), FIGURES)

    assert (reason is not None) == fails
    if reason is not None:
        assert reason.startswith(text) and reason.endswith("By users -0.01.")


@pytest.mark.parametrize("text", ["quality.judge < -0.02", "saved < 0.1", "saved > 0.1"])
def test_what_is_not_known_fails_and_says_why(text: str) -> None:
    reason = failure(gate(text), FIGURES)

    assert reason is not None
    assert "cannot be told, and a gate fails closed." in reason
    assert reason.endswith(FIGURES[gate(text).figure].sentence)


def test_an_unknown_figure_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match="no figure 'qualty'; there are quality, "):
        failure(Gate("qualty < 1", "qualty", "value", "<", 1.0), FIGURES)
