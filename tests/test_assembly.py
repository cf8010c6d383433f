"""An assembly takes over what a reload left as it was, and lets go of all else."""

import gc
import os
import shutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from classifiers import artifact
from router import prices
from router.assembly import Assembly
from router.classifier import load_classifier
from router.core.catalog import AUTO
from router.core.request import RoutedRequest, Turn
from router.errors import PolicyFileError, StartupError
from router.gateway import Gateway, PolicyInForce
from router.policyfile import LoadedPolicy
from router.settings import Settings
from router.signals import Classifier
from router.stores.memory import MemoryDecisionLog
from router.telemetry.prometheus import PrometheusObserver
from tests.fakes.upstream import FakeUpstream

PRETRAINED = Path(artifact.__file__).parent / "pretrained"
POLICY = """
name: {name}
signals: {{keywords: {{topic: {{any: [{word}]}}}}{more}}}
upstreams: {{sim: {{kind: simulated}}}}
models: {{small: {{upstream: sim, location: local, quality: 0.7, context_window: 8000}}}}
default: {{strategy: {{kind: cheapest_good_enough, min_quality: 0.5}}}}
"""
ARTIFACT = ", learned: {artifact: art, timeout: 10s}"


ELSEWHERE = "name: home\ncatalog: sub/models.yaml\ndefault: {{strategy: {{kind: fastest}}}}\n"


def write(
    file: Path, word: str = "word", more: str = "", name: str = "home", text: str = POLICY
) -> None:
    file.write_text(text.format(name=name, word=word, more=more))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "policies" / "policy.yaml"
    file.parent.mkdir()
    write(file)
    return file


@pytest.fixture
async def assembly(file: Path) -> AsyncIterator[Assembly]:
    made = assembly_of(file)
    yield made
    await made.close()


def assembly_of(policy: Path) -> Assembly:
    settings = Settings(policy=policy, state_dir=policy.parent.parent / "state")
    return Assembly(settings, MemoryDecisionLog(), PrometheusObserver(), prices.bundled())


async def failures(gateway: Gateway) -> dict[str, str]:
    routed = await gateway.route(RoutedRequest(AUTO, (Turn("user", "hi there"),)), "x", True)
    return dict(routed.failed_signals)


def classifier_threads() -> int:
    gc.collect()
    return sum(thread.name == "slm-router-classifier" for thread in threading.enumerate())


async def test_edits_of_one_signal_leave_the_others_and_their_threads_alone(
    assembly: Assembly, file: Path
) -> None:
    before = classifier_threads()
    for edit in range(10):
        write(file, word=f"word{edit}")
        built = await assembly.build()
        assert await failures(built.gateway) in ({}, {"learned": "SignalTimeout"})

    assert classifier_threads() <= before + 1
    assert len(assembly._signals) == len(built.gateway.default.all_signals)


async def test_policies_that_say_the_same_of_a_signal_share_it(file: Path) -> None:
    write(file.with_name("other.yaml"), word="other", name="other")
    assembly = assembly_of(file.parent)

    policies = (await assembly.build()).gateway.policies
    home, other = policies["home"].all_signals, policies["other"].all_signals

    assert home["learned"] is other["learned"]
    assert home["keywords"] is not other["keywords"]
    await assembly.close()


async def test_an_artifact_that_is_mended_is_taken_up(assembly: Assembly, file: Path) -> None:
    write(file, more=ARTIFACT)
    broken = await assembly.build()
    assert await failures(broken.gateway) == {"learned": "ArtifactError"}
    watched = {path.name for path in broken.seen if path.parent.name == "art"}
    assert watched == {"*.json", "*.npz"}

    shutil.copytree(PRETRAINED, file.parent / "art")
    mended = await assembly.build()

    assert await failures(mended.gateway) == {}
    assert {**mended.seen} != {**broken.seen}


async def test_an_artifact_that_is_trained_again_is_taken_up(
    assembly: Assembly, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[Path | None] = []

    def counted(path: Path | None) -> Classifier:
        loads.append(path)
        return load_classifier(path)

    monkeypatch.setattr("router.classifier.load_classifier", counted)
    folder = file.parent / "art"
    shutil.copytree(PRETRAINED, folder)
    write(file, more=ARTIFACT)
    first = await assembly.build()
    again = await assembly.build()
    assert (
        again.gateway.default.all_signals["learned"]
        is (first.gateway.default.all_signals["learned"])
    )
    manifest, files = artifact.load(folder)
    body = {key: value for key, value in manifest.body.items() if key not in ("format", "files")}

    artifact.save(folder, {**body, "mean_complexity": 0.25}, files)
    trained = await assembly.build()

    assert loads == [folder, folder]
    assert (
        trained.gateway.default.all_signals["learned"]
        is not (first.gateway.default.all_signals["learned"])
    )


async def test_an_artifact_that_breaks_leaves_the_classifier_that_serves(
    assembly: Assembly, file: Path
) -> None:
    folder = file.parent / "art"
    shutil.copytree(PRETRAINED, folder)
    write(file, more=ARTIFACT)
    await assembly.build()

    (folder / "manifest.json").write_text("{}")
    broken = await assembly.build()

    assert await failures(broken.gateway) == {}


async def test_a_build_that_fails_closes_what_it_opened_and_nothing_that_serves(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[FakeUpstream] = []

    def upstreams(*_: object) -> dict[str, FakeUpstream]:
        opened.append(FakeUpstream())
        return {"sim": opened[-1]}

    monkeypatch.setattr("router.upstreams.build", upstreams)
    assembly = assembly_of(file.parent)
    await assembly.build()
    write(file.with_name("other.yaml"), name="other")
    in_force = assembly._in_force

    def failing(loaded: LoadedPolicy, *rest: object) -> PolicyInForce:
        if loaded.policy.name == "home":
            raise RuntimeError("no such thing")
        return in_force(loaded, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(assembly, "_in_force", failing)
    with pytest.raises(RuntimeError):
        await assembly.build()
    assert [upstream.closed for upstream in opened] == [False, True]

    await assembly.close()
    assert [upstream.closed for upstream in opened] == [True, True]


async def test_a_folder_is_watched_for_files_to_come(file: Path) -> None:
    assembly = assembly_of(file.parent)

    assert set((await assembly.build()).seen) == {file, file.parent / "*.yaml"}
    await assembly.close()


async def test_a_policy_that_is_gone_is_not_replaced_by_what_is_found_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("slm-router.yaml"))
    settings = Settings(state_dir=tmp_path / "state")
    assembly = Assembly(settings, MemoryDecisionLog(), PrometheusObserver(), prices.bundled())
    await assembly.build()

    os.unlink("slm-router.yaml")

    with pytest.raises(StartupError, match=r"slm-router\.yaml"):
        await assembly.build()
    await assembly.close()


async def test_a_refusal_names_also_the_file_that_is_not_there_yet(
    assembly: Assembly, file: Path
) -> None:
    write(file, text=ELSEWHERE)

    with pytest.raises(PolicyFileError) as refused:
        await assembly.build()

    assert refused.value.files == (str(file), str(file.parent / "sub" / "models.yaml"))


async def test_what_is_foreseen_of_every_model_reaches_the_decision(
    assembly: Assembly, file: Path
) -> None:
    write(file, more=", learned: {timeout: 10s}")
    gateway = (await assembly.build()).gateway
    said = RoutedRequest(AUTO, (Turn("user", "Prove that sqrt(2) is irrational."),))

    routed = await gateway.route(said, "x")

    choice = routed.decision.choice
    assert choice is not None
    assert choice.quality == routed.signals["quality.small"]
    assert routed.quality_source("small") == "prior"


async def test_where_nothing_is_foreseen_the_prior_and_the_difficulty_decide(
    assembly: Assembly, file: Path
) -> None:
    write(file, more=ARTIFACT)
    gateway = (await assembly.build()).gateway

    routed = await gateway.route(RoutedRequest(AUTO, (Turn("user", "hi there"),)), "x")

    assert routed.decision.choice is not None
    assert routed.decision.choice.quality == pytest.approx(0.7)
    assert routed.quality_source("small") == "prior and difficulty"


async def test_models_whose_quality_changes_are_looked_up_again_and_nothing_else(
    assembly: Assembly, file: Path
) -> None:
    first = (await assembly.build()).gateway.default.all_signals
    write(file, text=POLICY.replace("quality: 0.7", "quality: 0.8"))

    second = (await assembly.build()).gateway.default.all_signals

    assert second["learned"] is not first["learned"]
    assert second["keywords"] is first["keywords"]


CERTIFIED = """
certificate:
  {{target: "quality >= 0.9", bound: 0.9, observed: 0.95, confidence: 0.95, n: 100, method: made up,
   scope: policy, rule: default, key: min_quality, value: 0.5, date: "2026-11-21",
   policy: "{version}", artifact: "{artifact}", data: "0123456789abcdef"}}
"""


async def test_a_certificate_of_something_else_is_warned_of_once_a_build(
    file: Path, assembly: Assembly, caplog: pytest.LogCaptureFixture
) -> None:
    from classifiers.prompt_classifier import PromptClassifier

    await assembly.build()
    version = assembly.found.policies["home"].version if assembly.found else ""
    shipped = PromptClassifier.load().manifest.version
    for stated, classifier, warned in (
        (version, shipped, 0),
        (version, "0123456789ab", 1),
        ("ffffffff", "0123456789ab", 2),
    ):
        write(file, text=POLICY + CERTIFIED.replace("{version}", stated).replace(
            "{artifact}", classifier
        ))  # fmt: skip
        caplog.clear()
        await assembly.build()
        assert assembly.found is not None
        assert assembly.found.policies["home"].version == version
        told = [it.getMessage() for it in caplog.records if "certificate" in it.getMessage()]
        assert len(told) == warned, told
