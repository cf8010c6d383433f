"""`slm-router report`: true to the log, one file that asks for nothing, gates for CI."""

import json
import re
import sqlite3
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from router.cli import main
from router.core.bill import Bill
from tests.cli.busy_week import scores, week, write
from tests.fakes.reviews import a_review


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a gateway that a week of judged traffic went through."""
    state = tmp_path_factory.mktemp("busy")
    events = week(450)
    write(state, events, scores(events, 0.3))
    return state


@pytest.fixture
def state(busy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(busy))
    return busy


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What `report --json` prints."""
    assert main(["report", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_its_money_is_that_of_the_log_reckoned_by_hand(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, "--since", "7d")
    with closing(sqlite3.connect(state / "decisions.sqlite3")) as log:
        baseline, paid, requests = log.execute(
            "SELECT sum(baseline_usd), sum(cost_usd + escalation_usd + own_usd + cache_loss_usd),"
            " count(*) FROM decisions WHERE at >= ?",
            (found["since"],),
        ).fetchone()

    saving = found["saving"]
    assert found["requests"] == saving["priced_requests"] == requests
    assert saving["baseline_usd"] == pytest.approx(baseline, rel=1e-6)
    assert saving["net_usd"] == pytest.approx(baseline - paid, rel=1e-6)
    assert saving["share"]["value"] == pytest.approx(1 - paid / baseline, rel=1e-6)
    assert saving["share"]["low"] < saving["share"]["value"] < saving["share"]["high"]
    assert sum(day["requests"] for day in found["days"]) == requests
    assert sum(row["requests"] for row in found["groups"]["rule"]) == requests
    with closing(sqlite3.connect(state / "decisions.sqlite3")) as log:
        by_hand = dict(
            log.execute(
                "SELECT t.value, count(*) FROM decisions, json_each(tags) t WHERE at >= ?"
                " GROUP BY 1",
                (found["since"],),
            ).fetchall()
        )
    told_by_tag = {row["of"]: row["requests"] for row in found["groups"]["tag"]}
    del told_by_tag[None]
    assert told_by_tag == by_hand and len(by_hand) == 2


def test_quality_that_fell_is_told_beside_the_saving(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, "--margin", "0.01")

    assert found["verdict"]["ruling"] == "worse"
    assert found["verdict"]["margin"] == 0.01
    assert found["figures"]["measured_saved"]["basis"] == "measured"
    assert found["headline"].endswith(found["verdict"]["sentence"])


def test_the_same_log_tells_the_same_intervals(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = told(capsys)["saving"], told(capsys)["saving"]

    assert first == second


class Page(HTMLParser):
    """What a page is made of: its tags, and all that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        asks = {"src", "srcset", "poster", "data", "action", "background", "xlink:href"}
        self.fetched += [f"{tag} {name}" for name, _ in attrs if name in asks or name[:2] == "on"]


def test_the_file_asks_for_nothing(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.html"
    assert main(["report", "--html", str(out)]) == 0
    text = out.read_text("utf-8")
    page = Page()
    page.feed(text)

    assert page.fetched == []
    assert page.tags.isdisjoint({"script", "link", "iframe", "img", "base", "object", "embed"})
    assert re.findall(r"url\(|@import|https?:", text) == []
    assert "default-src 'none'" in text and "prefers-color-scheme: dark" in text
    assert len(re.findall("<svg", text)) == 2 and "aria-label" in text
    assert "By tag; a request counts under each of its tags" in text and "team=search" in text
    headline = capsys.readouterr().out.splitlines()[0]
    assert headline.startswith("Saved ") and headline[:60] in text


def test_it_says_what_reviews_cost_and_takes_it_off_the_saving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    events = week(40)
    reviews = [a_review(one.id, at=one.at) for one in events[::2]]
    write(tmp_path, events, reviews=reviews)
    found = told(capsys, "--since", "30d")
    assert main(["report", "--since", "30d", "--html", str(tmp_path / "out.html")]) == 0
    text, html = capsys.readouterr().out, (tmp_path / "out.html").read_text("utf-8")

    assert found["own"]["calls"] == 3 * len(reviews)
    assert found["own"]["usd"] == pytest.approx(0.014 * len(reviews))
    paid = sum(one.bill.own_usd or 0.0 for one in events) + found["own"]["usd"]
    assert found["saving"]["parts_usd"]["own"] == pytest.approx(-paid)
    assert found["own"]["sentence"] in text and "Having answers judged cost" in html
    assert found["figures"]["quality.shadow"]["value"] == pytest.approx(-0.2)
    assert "Against shadows, by the judge" in html


def test_names_from_callers_are_text_and_never_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    hostile = "<script>alert(1)</script>"
    write(tmp_path, week(40, tags=(), key_name=hostile, baseline=f"always:{hostile}"))
    out = tmp_path / "out.html"
    assert main(["report", "--html", str(out)]) == 0

    assert hostile not in out.read_text("utf-8")
    assert "By tag" not in out.read_text("utf-8"), "no request has one"
    assert "&lt;script&gt;" in out.read_text("utf-8")


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        (["quality > 1"], 0),
        (["saved < 10%", "ok < 0.5"], 0),
        (["quality.high < -0.02"], 1),
        (["ok < 0.5", "saved.high < 99 %"], 1),
        (["quality.judge < -0.02"], 1),
    ],
)
def test_gates_fail_with_their_reason(
    state: Path, gates: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [word for one in gates for word in ("--fail-if", one)]

    assert main(["report", *options]) == code
    reasons = capsys.readouterr().err
    assert (gates[-1] in reasons) == bool(code)


def test_an_unknown_figure_lists_the_known_ones(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--fail-if", "qualty < 0"]) == 1
    reason = capsys.readouterr().err
    assert "no figure 'qualty'" in reason and "quality.user" in reason


def test_a_gate_that_cannot_be_read_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        main(["report", "--fail-if", "quality is fine"])
    assert exit.value.code == 2
    assert "such as 'quality < -0.02'" in capsys.readouterr().err


def test_without_a_log_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))

    assert main(["report"]) == 1
    assert "slm-router serve" in capsys.readouterr().err


def test_where_nothing_was_judged_there_is_no_headline_saving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    write(tmp_path, week(150))
    found = told(capsys)

    assert found["headline"].startswith("Spend avoided, quality not measured.")
    assert found["figures"]["quality"]["state"] == "not_measured"


def test_days_without_a_price_are_unpriced_and_no_dollars_of_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    write(tmp_path, week(40, cost_usd=None, bill=Bill()))
    out = tmp_path / "out.html"
    found = told(capsys, "--html", str(out))
    text = out.read_text("utf-8")

    assert len(found["days"]) > 1
    assert {day[name] for day in found["days"] for name in ("spent_usd", "baseline_usd")} == {None}
    assert "<td>unpriced</td><td>unpriced</td>" in text and "not measured</span>" in text
    assert "0.00" not in text.split("<main>")[1]
    assert "<svg" not in text and "Nothing to take apart" in text
    assert "no price is known of the model" in text


def test_what_a_sentence_quotes_is_code_in_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    write(tmp_path, week(40))
    out = tmp_path / "out.html"
    assert "`" in told(capsys, "--html", str(out))["verdict"]["sentence"]
    text = out.read_text("utf-8")

    assert "`" not in text and "<code>" in text


def test_made_up_answers_are_called_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    write(tmp_path, week(40, simulated=True))
    out = tmp_path / "out.html"

    assert main(["report", "--html", str(out)]) == 0
    assert capsys.readouterr().out.startswith("SIMULATED")
    assert "Simulated answers." in out.read_text("utf-8")


def test_a_file_that_cannot_be_written_is_an_error(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--html", str(tmp_path / "no" / "out.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err
