"""Policies: the one in force in words and as written, and an edit that is checked, never saved."""

import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from router.core.feedback import Feedback
from router.policyfile import LoadedPolicy, load
from router.prices import bundled
from router.signals import SIGNALS, vocabulary
from router.stores.sqlite_schema import open_for_writing
from router.stores.sqlite_upkeep import forget
from tests.dashboard.conftest import HOME, PAGE, Dashboard, Opened
from tests.fakes.events import AT, an_event, decided
from tests.fakes.gateway import fake_gateway

OWN = {"origin": HOME}
CATALOG = """\
upstreams: {here: {kind: simulated}}
models:
  small: {upstream: here, location: local, quality: 0.7}
"""
POLICY = """\
# Kept as it is.
name: default
catalog: models.yaml
rules:
  - name: hard
    when: {signal: complexity, above: 0.5}
    strategy: {kind: best_quality}
default:
  strategy: {kind: cheapest_good_enough, min_quality: 0.7}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy file beside its catalog."""
    (tmp_path / "models.yaml").write_text(CATALOG, "utf-8")
    (tmp_path / "mine.yaml").write_text(POLICY, "utf-8")
    return tmp_path / "mine.yaml"


@pytest.fixture
def it(opened: Opened, file: Path) -> Dashboard:
    """A dashboard whose policy stands in that file."""
    loaded = load(file, SIGNALS, vocabulary, bundled())
    return over(opened(gateway=fake_gateway({}, policies=(loaded.policy,))), loaded)


def over(dashboard: Dashboard, loaded: LoadedPolicy) -> Dashboard:
    dashboard.runtime.policies = lambda: {loaded.policy.name: loaded}
    return dashboard


def checked(it: Dashboard, text: str) -> dict[str, Any]:
    answer = it.client.post("/api/v1/policies/validate", json={"policy": "default", "text": text})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_the_policy_in_force_is_told_in_words_and_as_written(it: Dashboard) -> None:
    shown = it.page("/policies")

    assert "complexity is above 0.5" in shown
    assert "the model of the highest predicted quality" in shown
    assert "# Kept as it is.\nname: default" in shown
    [told] = it.client.get("/api/v1/policies").json()["policies"]
    assert told["text"] == POLICY
    assert told["file"] == "mine.yaml"


def test_what_has_not_changed_means_what_is_in_force(it: Dashboard) -> None:
    told = checked(it, POLICY)

    assert (told["ok"], told["in_force"], told["patch"]) == (True, True, "")


def test_what_is_judged_is_told_and_a_change_of_it_is_not_what_is_in_force(it: Dashboard) -> None:
    assert "nothing by itself" in it.page("/policies")

    told = checked(it, f"{POLICY}judging: {{model: small, share: 0.05}}\n")

    assert told["judging"] == "5 % of routed answers are judged by small"
    assert told["ok"] and not told["in_force"] and told["patch"]
    before = it.client.get("/api/v1/policies").json()["policies"][0]
    assert before["judging"] is None


def test_an_edit_becomes_a_patch_that_applies(it: Dashboard, file: Path) -> None:
    edited = POLICY.replace("0.7}", "0.8}").rstrip("\n")
    told = checked(it, edited)

    assert told["ok"] and not told["in_force"]
    assert "reaches 0.8" in told["rules"][-1]["then"]
    done = subprocess.run(
        ["git", "apply", "-"], cwd=file.parent, input=told["patch"], text=True, check=False
    )
    assert done.returncode == 0
    assert file.read_text("utf-8") == edited
    assert load(file, SIGNALS, vocabulary, bundled()).version == told["version"]


def test_nothing_is_written_and_nothing_comes_into_force(it: Dashboard, file: Path) -> None:
    before = it.client.get("/api/v1/policies").json()["policies"]
    checked(it, POLICY.replace("0.7}", "0.9}"))

    assert file.read_text("utf-8") == POLICY
    assert {path.name for path in file.parent.glob("*.yaml")} == {"mine.yaml", "models.yaml"}
    assert it.client.get("/api/v1/policies").json()["policies"] == before


def test_what_is_wrong_is_told_by_line_column_and_key(it: Dashboard) -> None:
    wrong = POLICY.replace("above: 0.5", "abov: 0.5").replace("0.7}", "7}")
    problems = checked(it, wrong)["problems"]

    assert [(one["line"], one["key"]) for one in problems] == [
        (6, "rules[0].when.abov"),
        (9, "default.strategy.min_quality"),
    ]
    answer = it.client.post(
        "/policies", data={"policy": "default", "text": wrong}, headers={**OWN, **PAGE}
    )
    assert answer.status_code == 422
    assert '<a href="#line-9">9:' in answer.text
    assert '<span id="line-9" class="wrong">' in answer.text
    assert "abov: 0.5}\n" in answer.text, "what was written stays in the form"


@pytest.mark.parametrize("named", ["/etc/passwd", "../secret.yaml", "other.yaml", "[a, b]"])
def test_a_text_may_not_have_another_file_read(it: Dashboard, file: Path, named: str) -> None:
    (file.parent / "other.yaml").write_text("canary: 1\n", "utf-8")

    told = checked(it, POLICY.replace("models.yaml", named))

    assert not told["ok"]
    assert [one["key"] for one in told["problems"]] == ["catalog"]
    assert "canary" not in str(told) and "root:" not in str(told)


def test_a_policy_may_bring_its_own_catalog(opened: Opened, file: Path) -> None:
    own = POLICY.replace("catalog: models.yaml\n", CATALOG)
    file.write_text(own, "utf-8")
    loaded = load(file, SIGNALS, vocabulary, bundled())
    it = over(opened(gateway=fake_gateway({}, policies=(loaded.policy,))), loaded)

    assert checked(it, own)["in_force"]
    assert checked(it, own.replace("quality: 0.7", "quality: 0.6"))["ok"]
    assert not checked(it, own.replace("quality: 0.7", "quality: 6"))["ok"]


@pytest.mark.parametrize(
    "text", ["", "[", "a: *b", "x" * 1000, "{" * 100, "name: default\n" * 2, "\ud800"]
)
def test_no_text_is_too_strange_for_a_verdict(it: Dashboard, text: str) -> None:
    body = b'{"policy": "default", "text": "\\ud800"}' if text == "\ud800" else None
    if body is not None:
        answer = it.client.post("/api/v1/policies/validate", content=body)
        assert answer.status_code in (200, 400)
    else:
        assert not checked(it, text)["ok"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "policy"),
        ({"policy": "gone", "text": ""}, "policy"),
        ({"policy": "default"}, "text"),
        ({"policy": "default", "text": "x" * 1_000_001}, "text"),
    ],
)
def test_a_wrong_field_is_named(it: Dashboard, given: dict[str, Any], field: str) -> None:
    answer = it.client.post("/api/v1/policies/validate", json=given)

    assert answer.json()["error"]["param"] == field


def versions_of(it: Dashboard, query: str = "") -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = it.client.get(f"/api/v1/policies{query}").json()["versions"]
    return told


def test_versions_say_when_they_decided_and_which_is_in_force(opened: Opened) -> None:
    events = [
        an_event("d1", policy_version="00000000"),
        an_event("d2", at=AT + 9),
        an_event("d3", at=AT + 1, decision=decided(policy="old"), policy_version="11111111"),
        an_event("d4", at=AT - 3600),
        an_event("d5", at=AT - 40 * 86_400, policy_version="22222222"),
    ]
    named = ("policy", "version", "in_force", "first_at", "last_at", "requests")

    assert [tuple(it[name] for name in named) for it in versions_of(opened(events))] == [
        ("default", "1a2b3c4d", True, AT - 3600, AT + 9, 2),
        ("old", "11111111", False, AT + 1, AT + 1, 1),
        ("default", "00000000", False, AT, AT, 1),
    ]


def test_a_version_has_its_saving_with_interval_and_n_and_what_was_said_of_it(
    opened: Opened,
) -> None:
    """Both of one version's 120 sessions cost a quarter of its own baseline."""
    events: list[Any] = [
        an_event(f"{version}{n}", session=f"{n}", policy_version=version, baseline=baseline,
                 cost_usd=0.01 * (1 + n % 3), baseline_cost_usd=0.04 * (1 + n % 3))
        for version, baseline in (("aa", "always:large"), ("bb", "requested"))
        for n in range(120)
    ]  # fmt: skip
    events += [Feedback(f"aa{n}", "user", AT, float(n % 4 > 0)) for n in range(40)]
    events.append(an_event("few", policy_version="cc", baseline=None, baseline_cost_usd=None))
    it = opened(events)
    found = {one["version"]: one for one in versions_of(it)}

    assert (found["aa"]["state"], found["aa"]["n"]) == ("value", 120)
    assert found["aa"]["share"] == pytest.approx(0.75)
    assert found["aa"]["low"] <= 0.75 <= found["aa"]["high"]
    assert found["aa"]["net_usd"] == pytest.approx(0.03 * 240)
    assert (found["aa"]["score"], found["aa"]["judged"]) == (0.75, 40)
    assert (found["aa"]["baseline"], found["bb"]["baseline"]) == ("always:large", "requested")
    assert found["bb"]["score_state"] == "not_measured"
    assert (found["cc"]["state"], found["cc"]["requests"]) == ("not_measured", 1)
    shown = it.page("/policies")
    assert "75.0 %" in shown and "n = 120" in shown
    told = it.client.get("/api/v1/policies?format=csv").text.splitlines()
    assert len(told) == 4 and told[0].startswith("policy,version,in_force")


def test_versions_are_of_the_period_asked_for(opened: Opened) -> None:
    events = [an_event("old", at=AT - 5 * 86_400, policy_version="00000000"), an_event("new")]
    it = opened(events)

    assert [one["version"] for one in versions_of(it, "?since=24h")] == ["1a2b3c4d"]
    assert len(versions_of(it, "?since=7d")) == 2
    assert "00000000" not in it.page("/policies?since=24h")


def test_a_version_whose_rows_are_gone_keeps_its_sums(opened: Opened) -> None:
    it = opened([an_event("old", at=AT - 86_400, policy_version="00000000"), an_event("new")])
    with closing(open_for_writing(it.runtime.settings.decision_log, 2.0, False)) as connection:
        forget(connection, AT - 10)
    found = {one["version"]: one for one in versions_of(it)}

    assert (found["00000000"]["policy"], found["00000000"]["requests"]) == (None, 1)
    assert "no longer in the log" in it.page("/policies")


def test_a_policy_from_no_file_is_shown_in_words_alone(opened: Opened) -> None:
    shown = opened().page("/policies")

    assert "was not read from a file" in shown
    assert "<textarea" not in shown


def test_an_unknown_policy_is_told(opened: Opened) -> None:
    assert "<code>policy</code>" in opened().page("/policies?policy=gone", status=400)
