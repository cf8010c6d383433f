"""`slm-router calibrate` on the decision log: explored choices certify, unexplored ones plan."""

import asyncio
import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from router.cli import main
from router.core.decide import preferences
from router.core.decision import Candidate, Decision
from router.core.feedback import Feedback, Source
from router.policyfile import load
from router.prices import bundled
from router.signals import SIGNALS, vocabulary
from router.stores.sqlite import SQLiteDecisionLog
from tests.cli.policy_home import MODELS
from tests.core.made import policy as made
from tests.fakes.events import EVENT

POLICY = """\
name: home
catalog: models.yaml
explore: 0.4
default:
  strategy: {kind: cheapest_good_enough, min_quality: 0.5, within: 0.0}
"""
STRATEGY = {"kind": "cheapest_good_enough", "min_quality": 0.5, "within": 0.0}
ROUTE = made(default={"strategy": STRATEGY}).default
TARGET = ("--target", "quality >= 0.9 of large")
SIGNALS_SEEN = {"difficulty": 0.0}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models.yaml").write_text(MODELS)
    (tmp_path / "slm-router.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


def record(home: Path, n: int, explore: float, source: Source | None = "judge") -> None:
    """Requests of which half are easy: there small is right as often as large, else seldom."""
    chance = random.Random(2)

    async def all_of_them() -> None:
        log = SQLiteDecisionLog(home / "state" / "decisions.sqlite3")
        writing = []
        for number in range(n):
            quality = 0.9 if number % 2 else 0.55
            small = Candidate("small", "local", quality, 0.0001, 1.0)
            pair = (small, Candidate("large", "cloud", 0.92, 0.004, 1.0))
            chances = preferences(ROUTE, pair, SIGNALS_SEEN, explore)
            first = pair[0] if chance.random() < chances["small"] else pair[1]
            ranked = tuple(sorted(pair, key=lambda one: one is not first))
            decision = Decision(
                "home", "default", "cheapest_good_enough", ranked, (), "why", 1.0, chances
            )
            event = replace(
                EVENT, id=f"d{number}", at=EVENT.at + number, decision=decision,
                signals=SIGNALS_SEEN, model=first.model,
            )  # fmt: skip
            score = float(chance.random() < first.quality)
            writing.append(log.record(event))
            if source:
                writing.append(log.record_feedback(Feedback(event.id, source, 1.0, score)))
        await asyncio.gather(*writing)
        await log.close()

    asyncio.run(all_of_them())


def calibrated(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["calibrate", *words])
    told = capsys.readouterr()
    return code, told.out + told.err


def test_an_explored_log_certifies_a_threshold_for_its_rule(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(home, 4000, 0.4)
    code, told = calibrated(capsys, *TARGET)

    assert code == 0, told
    assert "4000 decisions by rule default" in told
    found = load(home / "slm-router.yaml", SIGNALS, vocabulary, bundled())
    certificate = found.policy.certificate
    assert certificate is not None
    assert (certificate.scope, certificate.n, certificate.policy) == ("rule", 4000, found.version)
    # Above 0.55 the easy half alone goes to small.
    assert certificate.value == 0.9


def test_without_exploration_it_promises_nothing_and_says_how_much_it_takes(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(home, 300, 0.0)
    code, told = calibrated(capsys, *TARGET)

    assert code == 1
    assert "No threshold can be judged from this log" in told
    assert "With `explore: 0.2` in the policy" in told and "judged requests" in told
    assert (home / "slm-router.yaml").read_text() == POLICY


def test_too_few_judged_requests_are_told_with_how_many_more(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(home, 100, 0.4)
    code, told = calibrated(capsys, *TARGET)

    assert code == 1
    assert "Not enough labels: about" in told
    assert (home / "slm-router.yaml").read_text() == POLICY


def test_a_share_needs_no_feedback_and_no_exploration(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "slm-router.yaml").write_text(POLICY.replace("explore: 0.4\n", ""))
    record(home, 400, 0.0, source=None)
    code, told = calibrated(capsys, "--large-share", "0.6", "--dry-run")

    assert code == 0, told
    assert "certified min_quality 0.9" in told and "50.0 % to large" in told


def test_only_the_sources_asked_for_count(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(home, 50, 0.4, source="user")
    code, told = calibrated(capsys, *TARGET, "--source", "judge")
    assert code == 1
    assert "none has feedback" in told
    _, told = calibrated(capsys, *TARGET)
    assert "users rate what they choose to" in told


def test_an_age_is_read_as_log_reads_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(home, 50, 0.4)
    code, told = calibrated(capsys, *TARGET, "--since", "1h")
    assert code == 1 and "no decision of rule default" in told
    with pytest.raises(SystemExit):
        calibrated(capsys, *TARGET, "--since", "later")
    assert "expected an age such as 30m, 1h or 7d" in capsys.readouterr().err


def test_without_a_log_or_data_it_says_what_to_give(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = calibrated(capsys, *TARGET)

    assert code == 1
    assert "no --data" in told and "docs/feedback.md" in told
