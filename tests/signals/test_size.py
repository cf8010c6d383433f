"""The sizes of a request."""

from router.core.request import RoutedRequest, Turn
from router.signals.size import SizeOptions, SizeSignal
from tests.signals.requests import asking, conversation

signal = SizeSignal(SizeOptions())


async def test_sizes_count_the_whole_conversation_and_the_tools() -> None:
    turns = (Turn("system", "Be brief."), Turn("user", "Hello there", images=1))
    request = RoutedRequest(model="auto", turns=turns, attached='{"name": "search"}')
    sizes = await signal.extract(request)
    assert sizes["tokens"] == request.input_tokens > 1_000
    assert sizes["characters"] == len("Be brief.\n\nHello there")


async def test_the_focus_is_smaller_than_a_long_conversation() -> None:
    question = "Which of these two contracts binds the seller for longer, and in what respect?"
    request = conversation(("user", "word " * 500), ("assistant", "Noted."), ("user", question))
    sizes = await signal.extract(request)
    assert float(sizes["focus_tokens"]) < 40 < float(sizes["tokens"])


async def test_the_bound_on_the_answer_is_unknown_unless_given() -> None:
    assert "max_output_tokens" not in await signal.extract(asking("Hello"))
    bounded = RoutedRequest(model="auto", turns=(Turn("user", "Hello"),), max_output_tokens=50)
    assert (await signal.extract(bounded))["max_output_tokens"] == 50
