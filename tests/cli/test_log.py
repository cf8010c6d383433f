"""`slm-router log`: what it shows of the decision log."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from router.cli import main
from router.core.event import Attempt, Content, RoutingEvent
from router.core.feedback import Feedback
from router.core.review import Review
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import AT, an_event, decided, unanswered
from tests.fakes.reviews import JUDGED, SHADOWED, UNPRICED, a_review


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    return tmp_path


def record(state: Path, *told: RoutingEvent | Feedback | Review) -> None:
    async def all_of_them() -> None:
        log = SQLiteDecisionLog(state / "decisions.sqlite3")
        for one in told:
            if isinstance(one, Feedback):
                await log.record_feedback(one)
            elif isinstance(one, Review):
                await log.record_review(one)
            else:
                await log.record(one)
        await log.close()

    asyncio.run(all_of_them())


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """The ids that `log --format jsonl` shows."""
    assert main(["log", "--format", "jsonl", *arguments]) == 0
    return [json.loads(line)["decision"] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("command", [["log"], ["log", "show", "d1"]])
def test_without_a_log_it_says_how_to_get_one(
    command: list[str], state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "`slm-router serve`" in told.err and str(state) in told.err
    assert list(state.iterdir()) == []


def test_an_empty_log_says_so(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(state)
    assert main(["log"]) == 0
    assert "No decision has been logged yet" in capsys.readouterr().err


def test_the_table_shows_who_answered_why_and_for_how_much(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, an_event(), unanswered("d2", at=AT + 60))
    assert main(["log"]) == 0
    head, newest, oldest = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "TIME (UTC)"
    assert " ".join(newest.split()) == "2023-11-14 22:14:20 d2 - default no_candidate - - - 3.0 -"
    answered = "2023-11-14 22:13:20 d1 small easy ok 120 + 30 0.000120 0.000600 400.0 -"
    assert " ".join(oldest.split()) == answered


def test_jsonl_is_one_whole_row_a_line_newest_first(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, an_event("old"), an_event("new", at=AT + 1, cost_usd=None))
    assert main(["log", "--format", "jsonl"]) == 0
    new, old = map(json.loads, capsys.readouterr().out.splitlines())
    assert (new["decision"], new["cost_usd"]) == ("new", None)
    assert (old["at"], old["signals"]["domain"]) == ("2023-11-14T22:13:20.125Z", "law")


def test_filters_and_limit_narrow_the_list(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    record(
        state,
        an_event("aged", at=now - 3 * 86_400),
        an_event("large", at=now - 7_200, model="large"),
        an_event("broken", at=now - 60, outcome="broken"),
        an_event("ruled", at=now - 30, decision=decided(rule="code")),
    )
    assert listed(capsys) == ["ruled", "broken", "large", "aged"]
    assert listed(capsys, "--limit", "2") == ["ruled", "broken"]
    assert listed(capsys, "--model", "large") == ["large"]
    assert listed(capsys, "--rule", "code") == ["ruled"]
    assert listed(capsys, "--outcome", "broken") == ["broken"]
    assert listed(capsys, "--since", "1h") == ["ruled", "broken"]
    assert listed(capsys, "--since", "2d", "--model", "large") == ["large"]


def test_when_nothing_matches_it_says_so(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(state, an_event())
    assert main(["log", "--model", "nobody"]) == 0
    assert capsys.readouterr() == ("", "No decision matches.\n")


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (["--since", "yesterday"], "expected an age such as 30m, 1h or 7d"),
        (["--since", "xd"], "expected an age"),
        (["--limit", "0"], "expected a whole number of at least 1, not '0'"),
        (["--limit", "x"], "expected a whole number of at least 1, not 'x'"),
        (["--outcome", "fine"], "invalid choice"),
    ],
    ids=str,
)
def test_wrong_usage_is_told_with_what_was_expected(
    wrong: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["log", *wrong])
    assert expected in capsys.readouterr().err


def test_show_tells_the_whole_decision(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attempts = (
        Attempt("small", "near", 503, "UpstreamRefused", 0.05),
        Attempt("large", "far", 200, None, 0.4),
    )
    tags = ("checkout", "team=search")
    record(state, an_event(attempts=attempts, model="large", simulated=True, tags=tags))
    assert main(["log", "show", "d1"]) == 0
    told = capsys.readouterr().out
    for line in (
        "  policy       default@1a2b3c4d",
        "  tags       checkout, team=search",
        "  because      cheapest whose predicted quality reaches 0.80",
        "  passed over  private",
        "  propensity   0.950",
        "  domain         law",
        "  language       not known: TimeoutError",
        "  held         small, 2000 tokens cached, 12.5 s ago",
        "  large  quality 0.95, 0.004000 USD, 2.50 s, cloud, 0.001800 USD of cache lost",
        "  small  quality 0.82, 0.000100 USD, 0.90 s, local, specialist",
        "  tiny  about 9000 tokens exceed its window (context_too_small)",
        "  1. small  upstream near, status 503, UpstreamRefused after 50.0 ms",
        "  2. large  upstream far, status 200, answered after 400.0 ms",
        "  tokens      120 + 30",
        "  cost        0.000120 USD, simulated",
        "  baseline    0.000600 USD (always:large)",
    ):
        assert line in told.splitlines()
    assert "Content" not in told


def test_show_tells_what_the_router_had_judged(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, an_event(), a_review(calls=(JUDGED, SHADOWED, replace(UNPRICED, usage=None))))
    assert main(["log", "show", "d1"]) == 0
    told = capsys.readouterr().out
    for line in (
        "  own calls   - USD",
        "  judge  0.70",
        "Review",
        "  score      0.70",
        "  shadow     0.90, large",
        "  1. judge   grader, 400 + 8 tokens, 0.002000 USD",
        "  2. shadow  large, 20 + 50 tokens, 0.010000 USD",
        "  3. judge   grader, - tokens, - USD",
    ):
        assert line in told.splitlines()


def test_show_tells_content_where_it_was_kept(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, an_event(content=Content("Who?", "Ada.")))
    assert main(["log", "show", "d1"]) == 0
    assert capsys.readouterr().out.endswith("Content\n  request   Who?\n  response  Ada.\n")


def test_show_tells_of_a_request_that_nobody_could_serve(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, unanswered())
    assert main(["log", "show", "d1"]) == 0
    told = capsys.readouterr().out
    assert "Candidates, best first\n  none\n" in told
    assert "outcome     no_candidate, status 400" in told


def test_show_of_an_unknown_id_points_to_the_list(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, an_event())
    assert main(["log", "show", "nobody"]) == 1
    assert "`slm-router log` lists" in capsys.readouterr().err


def test_what_a_caller_sent_cannot_steer_the_terminal(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(state, an_event(requested_model="\x1b[2Jauto\r\nOutcome: ok", session="\x9b31m"))
    assert main(["log", "show", "d1"]) == 0
    assert main(["log"]) == 0
    assert main(["log", "--format", "jsonl"]) == 0
    told = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\r"} & set(told)


def test_feedback_stands_beside_its_decision(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(
        state,
        an_event(),
        an_event("d2", at=AT + 1),
        Feedback("d1", "user", AT + 9, 1.0, "overprovisioned"),
        Feedback("d1", "judge", AT + 8, 0.5),
    )

    assert main(["log"]) == 0
    head, unjudged, judged = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in (head, unjudged, judged)] == ["SCORE", "-", "0.75"]
    assert main(["log", "show", "d1"]) == 0
    told = capsys.readouterr().out
    assert told.endswith("Feedback\n  judge  0.50\n  user   1.00 (overprovisioned)\n")
    assert main(["log", "--format", "jsonl"]) == 0
    later, first = map(json.loads, capsys.readouterr().out.splitlines())
    assert later["feedback"] == []
    assert first["feedback"] == [
        {"source": "judge", "at": AT + 8, "score": 0.5, "word": None},
        {"source": "user", "at": AT + 9, "score": 1.0, "word": "overprovisioned"},
    ]
