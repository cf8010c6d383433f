"""The classifier's judgement as signals, off the event loop."""

import asyncio
import gc
import threading
import weakref
from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from router.core.request import RoutedRequest
from router.signals.desk import LARGEST_BATCH, MOST_WAITING, ClassifierBroke
from router.signals.learned import LearnedOptions, LearnedSignal, SignalTimeout
from tests.fakes.classifier import FakeClassifier, FakeJudgement
from tests.signals.requests import asking, conversation

PATIENT = LearnedOptions.model_validate({"timeout": "20s"})
HARD = "Prove that every hard problem in this class reduces to a question about prime numbers."


async def test_the_judgement_becomes_signals() -> None:
    signals = await LearnedSignal(PATIENT, FakeClassifier()).extract(asking(HARD))
    assert signals == {
        "complexity": 0.9,
        "complexity_confidence": 0.8,
        "difficulty": 2.0,
        "domain": "math",
        "domain_confidence": 0.6,
        "task": "reasoning",
        "task_confidence": 0.7,
        "abstain": False,
    }


async def test_every_models_quality_is_a_signal_of_its_own() -> None:
    class Knowing(FakeClassifier):
        def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
            return [FakeJudgement(quality={"small": 0.123456, "lab/large": 0.9}) for _ in texts]

    signals = await LearnedSignal(PATIENT, Knowing()).extract(asking(HARD))

    told = {name: value for name, value in signals.items() if name.startswith("quality.")}
    assert told == {"quality.small": 0.1235, "quality.lab/large": 0.9}


async def test_a_follow_up_is_answered_no_better_than_what_it_goes_back_to() -> None:
    class Knowing(FakeClassifier):
        def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
            return [
                FakeJudgement(quality={"small": 0.2, "odd": 0.9})
                if text == HARD
                else FakeJudgement(quality={"small": 0.8, "odd": 0.3}, abstain=True)
                for text in texts
            ]

    request = conversation(("user", HARD), ("assistant", "Well."), ("user", "yes, go ahead"))
    signals = await LearnedSignal(PATIENT, Knowing()).extract(request)

    assert (signals["quality.small"], signals["quality.odd"]) == (0.2, 0.3)
    assert signals["abstain"] is True


async def test_the_classifier_works_outside_the_event_loops_thread() -> None:
    class Witness(FakeClassifier):
        thread = threading.current_thread()

        def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
            self.thread = threading.current_thread()
            return super().judge(texts)

    witness = Witness()
    await LearnedSignal(PATIENT, witness).extract(asking("Hello"))
    assert witness.thread is not threading.current_thread()
    assert witness.thread.daemon


@pytest.mark.parametrize(
    "request_",
    [
        conversation(("user", HARD), ("assistant", "Shall I begin?"), ("user", "yes, go ahead")),
        # An answer so long that the focus has no room left for the question.
        conversation(("user", HARD), ("assistant", "Well, " * 2_000), ("user", "yes, go ahead")),
        conversation(
            ("user", HARD), ("assistant", "Go on?"), ("user", "yes"), ("assistant", "Sure?"),
            ("user", "yes"),
        ),
    ],
)  # fmt: skip
async def test_a_follow_up_is_as_hard_as_what_it_goes_back_to(request_: RoutedRequest) -> None:
    signals = await LearnedSignal(PATIENT, FakeClassifier()).extract(request_)
    assert signals["complexity"] == 0.9


async def test_of_a_follow_up_the_surer_domain_and_task_count() -> None:
    class Unsure(FakeClassifier):
        def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
            return [
                FakeJudgement(domain="math", domain_confidence=0.9, task="maths")
                if text == HARD
                else FakeJudgement(domain="other", domain_confidence=0.3, task_confidence=0.9)
                for text in texts
            ]

    request = conversation(("user", HARD), ("assistant", "Well."), ("user", "yes, go ahead"))
    signals = await LearnedSignal(PATIENT, Unsure()).extract(request)
    assert (signals["domain"], signals["domain_confidence"]) == ("math", 0.9)
    assert (signals["task"], signals["task_confidence"]) == ("chat", 0.9)


async def test_a_new_easy_question_after_a_hard_one_is_easy() -> None:
    question = "Now something else: which colours are in the flag of France, and in which order?"
    request = conversation(("user", HARD), ("assistant", "Done."), ("user", question))
    classifier = FakeClassifier()
    signals = await LearnedSignal(PATIENT, classifier).extract(request)
    assert signals["complexity"] == 0.2
    assert classifier.batches == [[question]]


async def test_an_empty_request_is_judged_too() -> None:
    signals = await LearnedSignal(PATIENT, FakeClassifier()).extract(RoutedRequest("auto", ()))
    assert signals["task"] == "chat"


async def test_requests_that_arrive_while_it_works_are_judged_in_one_batch() -> None:
    classifier = FakeClassifier()
    signal = LearnedSignal(PATIENT, classifier)
    classifier.gate.clear()
    first = asyncio.create_task(signal.extract(asking("first")))
    await asyncio.to_thread(classifier.begun.wait)
    others = [asyncio.create_task(signal.extract(asking(f"hard {n}"))) for n in range(20)]
    await asyncio.sleep(0)
    classifier.gate.set()
    easy, *hard = await asyncio.gather(first, *others)
    assert easy["complexity"] == 0.2
    assert [found["complexity"] for found in hard] == [0.9] * 20
    assert [len(batch) for batch in classifier.batches] == [1, LARGEST_BATCH, 4]


async def test_a_slow_classifier_is_not_waited_for_and_a_stuck_one_not_even_asked() -> None:
    classifier = FakeClassifier()
    classifier.gate.clear()
    signal = LearnedSignal(LearnedOptions.model_validate({"timeout": "200ms"}), classifier)
    first = asyncio.create_task(signal.extract(asking("first")))
    await asyncio.to_thread(classifier.begun.wait)
    with pytest.raises(SignalTimeout, match="longer than 200 ms"):
        await first
    await asyncio.sleep(0.2)
    with pytest.raises(SignalTimeout, match="stuck"):
        await signal.extract(asking("second"))
    classifier.gate.set()
    assert classifier.batches == [["first"]]


async def test_it_recovers_and_skips_those_who_gave_up() -> None:
    classifier = FakeClassifier()
    classifier.gate.clear()
    signal = LearnedSignal(LearnedOptions.model_validate({"timeout": "50ms"}), classifier)
    gone = await asyncio.gather(
        *(signal.extract(asking(text)) for text in ("first", "second")), return_exceptions=True
    )
    assert [type(error) for error in gone] == [SignalTimeout, SignalTimeout]
    classifier.gate.set()
    for _ in range(200):
        try:
            found = await signal.extract(asking("hard third"))
            break
        except SignalTimeout:
            await asyncio.sleep(0.01)
    assert found["complexity"] == 0.9
    assert ["second"] not in classifier.batches


async def test_a_text_that_breaks_the_classifier_harms_only_its_own_request() -> None:
    classifier = FakeClassifier()
    signal = LearnedSignal(PATIENT, classifier)
    classifier.gate.clear()
    first = asyncio.create_task(signal.extract(asking("first")))
    await asyncio.to_thread(classifier.begun.wait)
    both = [asyncio.create_task(signal.extract(asking(text))) for text in ("poison", "hard")]
    await asyncio.sleep(0)
    classifier.gate.set()
    await first
    poisoned, hard = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(poisoned, ValueError)
    assert not isinstance(hard, BaseException)
    assert hard["complexity"] == 0.9


@pytest.mark.parametrize("ending", [BaseException("a panic in Rust"), SystemExit(1)])
async def test_a_classifier_that_panics_fails_one_request_and_lives(ending: BaseException) -> None:
    class Panicking(FakeClassifier):
        def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
            if "panic" in texts:
                raise ending
            return super().judge(texts)

    signal = LearnedSignal(PATIENT, Panicking())
    with pytest.raises(ClassifierBroke, match=type(ending).__name__):
        await signal.extract(asking("panic"))
    assert (await signal.extract(asking("hard")))["complexity"] == 0.9


async def test_a_thread_that_has_ended_is_started_again() -> None:
    signal = LearnedSignal(PATIENT, FakeClassifier())
    await signal.extract(asking("Hello"))
    ended = signal._desk._thread
    assert ended is not None
    signal._desk._work.jobs.put(None)
    await asyncio.to_thread(ended.join, 20)
    assert (await signal.extract(asking("hard")))["complexity"] == 0.9


async def test_who_comes_behind_a_full_queue_is_told_at_once() -> None:
    classifier = FakeClassifier()
    classifier.gate.clear()
    signal = LearnedSignal(PATIENT, classifier)
    first = asyncio.create_task(signal.extract(asking("first")))
    await asyncio.to_thread(classifier.begun.wait)
    waiting = [asyncio.create_task(signal.extract(asking("next"))) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(SignalTimeout, match="stuck"):
        await signal.extract(asking("one too many"))
    classifier.gate.set()
    await asyncio.gather(first, *waiting)


async def test_a_classifier_that_answers_nonsense_fails_the_request_and_lives() -> None:
    class Mute(FakeClassifier):
        def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
            if "mute" in texts:
                return None  # type: ignore[return-value]
            return super().judge(texts)

    signal = LearnedSignal(PATIENT, Mute())
    with pytest.raises(TypeError):
        await signal.extract(asking("mute"))
    assert (await signal.extract(asking("hard")))["complexity"] == 0.9


async def test_a_signal_let_go_ends_its_thread_and_frees_the_classifier() -> None:
    classifier = FakeClassifier()
    signal = LearnedSignal(PATIENT, classifier)
    await signal.extract(asking("Hello"))
    thread = signal._desk._thread
    assert thread is not None
    left = weakref.ref(classifier)
    del signal, classifier
    gc.collect()
    await asyncio.to_thread(thread.join, 20)
    assert not thread.is_alive()
    assert left() is None


def test_the_timeout_needs_a_unit() -> None:
    assert LearnedOptions.model_validate({"timeout": "50ms"}).timeout == 0.05
    with pytest.raises(ValidationError, match="a duration with its unit"):
        LearnedOptions.model_validate({"timeout": 50})
