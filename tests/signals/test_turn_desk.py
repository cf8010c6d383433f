"""A light classifier judges on the event loop, whoever comes in the same turn together."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from router.signals.desk import LARGEST_BATCH, ClassifierBroke
from router.signals.learned import LIGHT_CHARACTERS, LearnedOptions, LearnedSignal
from tests.fakes.classifier import FakeClassifier, FakeJudgement
from tests.signals.requests import asking


class Light(FakeClassifier):
    """Says that no model runs."""

    is_light = True
    thread: threading.Thread | None = None

    def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
        self.thread = threading.current_thread()
        if "panic" in texts:
            raise KeyboardInterrupt
        return super().judge(texts)


def a_signal(classifier: FakeClassifier) -> LearnedSignal:
    return LearnedSignal(LearnedOptions.model_validate({"timeout": "20s"}), classifier)


async def ask_after(turns: int, signal: LearnedSignal) -> None:
    """Have a text judged so many turns of the event loop from now."""
    for _ in range(turns):
        await asyncio.sleep(0)
    await signal.extract(asking("hard"))


async def test_a_short_text_is_judged_without_a_thread() -> None:
    classifier = Light()
    signals = await a_signal(classifier).extract(asking("a hard one"))

    assert signals["complexity"] == 0.9
    assert classifier.thread is threading.current_thread()


async def test_a_long_text_leaves_the_event_loop_all_the_same() -> None:
    classifier = Light()
    await a_signal(classifier).extract(asking("word " * LIGHT_CHARACTERS))

    assert classifier.thread is not threading.current_thread()


async def test_who_comes_in_the_same_turn_is_judged_in_one_batch() -> None:
    classifier = Light()
    signal = a_signal(classifier)
    asked = [asking("hard" if number % 2 else "easy") for number in range(LARGEST_BATCH + 3)]

    found = await asyncio.gather(*(signal.extract(request) for request in asked))

    assert [one["complexity"] for one in found] == [
        0.9 if n % 2 else 0.2 for n in range(len(asked))
    ]
    assert [len(batch) for batch in classifier.batches] == [LARGEST_BATCH, 3]


async def test_texts_gather_for_as_long_as_every_turn_brings_another() -> None:
    classifier = Light()
    signal = a_signal(classifier)

    await asyncio.gather(*(ask_after(turns, signal) for turns in (0, 1, 2, 3, 9)))

    assert [len(batch) for batch in classifier.batches] == [4, 1]


async def test_a_batch_that_is_full_waits_for_no_more() -> None:
    classifier = Light()
    signal = a_signal(classifier)

    await asyncio.gather(*(ask_after(number // LARGEST_BATCH, signal) for number in range(40)))

    assert [len(batch) for batch in classifier.batches] == [LARGEST_BATCH, LARGEST_BATCH, 8]


async def test_an_error_belongs_to_whose_text_it_is() -> None:
    signal = a_signal(Light())
    asked = [asking("hard"), asking("poison"), asking("easy")]

    hard, failed, easy = await asyncio.gather(
        *(signal.extract(request) for request in asked), return_exceptions=True
    )

    assert isinstance(failed, ValueError)
    assert not isinstance(hard, BaseException) and hard["complexity"] == 0.9
    assert not isinstance(easy, BaseException) and easy["complexity"] == 0.2


async def test_what_is_no_ordinary_error_does_not_end_the_event_loop() -> None:
    with pytest.raises(ClassifierBroke, match="KeyboardInterrupt"):
        await a_signal(Light()).extract(asking("panic"))


async def test_who_has_left_meanwhile_is_not_judged() -> None:
    classifier = Light()
    signal = a_signal(classifier)
    leaving = asyncio.create_task(signal.extract(asking("left")))
    staying = asyncio.create_task(signal.extract(asking("hard")))
    asyncio.get_running_loop().call_soon(leaving.cancel)

    assert (await staying)["complexity"] == 0.9
    assert leaving.cancelled()
