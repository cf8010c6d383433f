"""What became of each rule for one request, and of each of its comparisons."""

from router.core.outcomes import outcomes
from tests.core.made import policy, rule

RULES = (
    rule("private", {"signal": "pii", "is": True}),
    rule("hard", {"signal": "complexity", "above": 0.5}),
    rule("long", {"signal": "tokens", "above": 10.0}),
    rule("code", {"any": [{"signal": "code", "is": True}, {"signal": "maths", "is": True}]}),
)


def test_every_rule_is_told_with_why() -> None:
    signals = {"complexity": 0.9, "tokens": 50, "code": False, "maths": False}
    private, hard, long, code, default = outcomes(policy(*RULES), signals, "hard")

    assert (private.verdict, private.comparisons[0].holds) == ("not known", None)
    assert (hard.verdict, hard.comparisons[0].value) == ("decides", 0.9)
    assert long.verdict == "holds, after the deciding one"
    assert code.verdict == "does not hold"
    assert [it.signal for it in code.comparisons] == ["code", "maths"]
    assert default.verdict == "holds, after the deciding one"


def test_where_no_rule_holds_the_default_decides() -> None:
    *rules, default = outcomes(policy(*RULES), {"pii": False}, "default")

    assert default.verdict == "decides"
    assert "decides" not in {rule.verdict for rule in rules}
