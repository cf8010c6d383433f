"""RoutedRequest: what was asked for, and the conversation that matters."""

import pytest

from router.core.catalog import Capability
from router.core.request import ANSWER_CHARACTERS, FOCUS_CHARACTERS, RoutedRequest, Turn
from tests.core.made import asking

QUESTION = "Prove that every continuous function on a closed interval attains its maximum there."
ANSWER = "Here is an outline of the proof. Shall I write it out in full?"


def talk(*said: str) -> RoutedRequest:
    """A conversation written as "role: text" lines."""
    turns = [line.split(": ", 1) for line in said]
    return RoutedRequest(model="auto", turns=tuple(Turn(role, text) for role, text in turns))


@pytest.mark.parametrize(
    ("model", "is_routed", "policy"),
    [
        ("auto", True, None),
        ("auto:cost-saver", True, "cost-saver"),
        ("auto:a:b", True, "a:b"),
        ("auto:", False, None),
        ("automatic", False, None),
        ("automatic:7b", False, None),
        ("qwen3:4b", False, None),
    ],
)
def test_only_auto_and_auto_with_a_policy_are_routed(
    model: str, is_routed: bool, policy: str | None
) -> None:
    request = asking(model=model)

    assert (request.is_routed, request.policy_name) == (is_routed, policy)


def test_a_turn_that_stands_on_its_own_is_the_focus_alone() -> None:
    request = talk("user: Hello there", "assistant: Hello!", f"user: {QUESTION}")

    assert request.focus == QUESTION


@pytest.mark.parametrize("last", ["yes, go ahead", "and in Python?", "Continue."])
def test_a_short_turn_inherits_what_it_answers(last: str) -> None:
    request = talk(f"user: {QUESTION}", f"assistant: {ANSWER}", f"user: {last}")

    assert request.focus == f"{QUESTION}\n\n{ANSWER}\n\n{last}"


def test_what_came_before_a_turn_that_stands_on_its_own_is_left_out() -> None:
    request = talk(
        "user: What is the capital of France?",
        "assistant: Paris.",
        f"user: {QUESTION}",
        f"assistant: {ANSWER}",
        "user: yes",
    )

    assert request.focus == f"{QUESTION}\n\n{ANSWER}\n\nyes"


def test_short_turns_are_inherited_back_to_the_beginning() -> None:
    request = talk("user: hi", "assistant: Hello!", "user: a joke please")

    assert request.focus == "hi\n\nHello!\n\na joke please"


def test_a_long_answer_does_not_crowd_out_the_question_it_answered() -> None:
    request = talk(f"user: {QUESTION}", "assistant: " + "x" * 50_000, "user: yes, go ahead")

    assert request.focus.startswith(QUESTION)
    assert request.focus.count("x") - QUESTION.count("x") == ANSWER_CHARACTERS


@pytest.mark.parametrize(
    ("text", "is_alone"),
    [
        ("请详细解释量子纠缠的原理,并说明它为什么不能用来超光速地传递信息。", True),
        ("量子もつれの原理を詳しく説明し、なぜ超光速通信に使えないのかも述べてください。", True),
        ("好的,请继续。", False),
        ("はい、お願いします。", False),
    ],
)
def test_scripts_without_spaces_are_measured_by_their_characters(text: str, is_alone: bool) -> None:
    request = talk(f"user: {QUESTION}", f"assistant: {ANSWER}", f"user: {text}")

    assert (request.focus == text) is is_alone
    assert request.focus.endswith(text)


def test_a_tool_loop_keeps_the_focus_on_what_the_user_asked() -> None:
    request = RoutedRequest(
        model="auto",
        turns=(
            Turn("system", "You are a travel agent."),
            Turn("user", QUESTION),
            Turn("assistant", "", tool_calls=1),
            Turn("tool", '{"temperature": 21}'),
            Turn("assistant", "Let me look that up as well.", tool_calls=1),
            Turn("tool", '{"wind": 3}'),
        ),
    )

    assert request.focus == QUESTION


def test_an_answer_begun_by_the_assistant_is_no_part_of_the_focus() -> None:
    assert talk(f"user: {QUESTION}", "assistant: Sure, the proof:").focus == QUESTION


@pytest.mark.parametrize(
    ("said", "focus"),
    [
        ((), ""),
        (("system: Translate into French: good morning",), "Translate into French: good morning"),
        (("system: Be kind.", "assistant: Welcome!"), "Be kind.\n\nWelcome!"),
        (("user: ",), ""),
    ],
)
def test_where_the_user_said_nothing_all_that_was_said_is_the_focus(
    said: tuple[str, ...], focus: str
) -> None:
    assert talk(*said).focus == focus


@pytest.mark.parametrize("role", ["user", "system"])
def test_the_focus_is_bounded(role: str) -> None:
    assert len(talk(f"{role}: " + "x" * 100_000).focus) == FOCUS_CHARACTERS


def test_the_focus_of_many_turns_is_bounded_too() -> None:
    said = [f"{'user' if index % 2 else 'assistant'}: {'y' * 900}" for index in range(20)]

    assert len(talk(*said).focus) <= FOCUS_CHARACTERS + 2 * 20


def test_the_text_is_everything_said_and_the_last_user_text_what_the_user_said_last() -> None:
    request = talk("system: Be brief.", "user: One", "assistant: Two", "user: Three", "tool: Four")

    assert request.text == "Be brief.\n\nOne\n\nTwo\n\nThree\n\nFour"
    assert request.last_user_text == "Three"
    assert talk("system: Be brief.").last_user_text == ""


def test_input_tokens_count_the_conversation_the_tools_and_the_images() -> None:
    plain = asking("Hello there, how are you?")
    with_tools = asking("Hello there, how are you?", tools=1, attached='{"name": "weather"}')
    seen = RoutedRequest(model="auto", turns=(Turn("user", "Hello there, how are you?", images=2),))

    assert 0 < plain.input_tokens < with_tools.input_tokens
    assert seen.input_tokens - plain.input_tokens == 2000


@pytest.mark.parametrize(
    ("request_", "needs"),
    [
        (asking(), ()),
        (asking(json_object=True, stream=True), ()),
        (asking(tools=2), ("tools",)),
        (asking(json_schema=True), ("json_schema",)),
        (RoutedRequest("auto", (Turn("user", "", images=1), Turn("user", "x"))), ("vision",)),
        (
            RoutedRequest("auto", (Turn("user", "", audio=1, files=1),), tools=1),
            ("tools", "audio", "files"),
        ),
    ],
)
def test_what_a_request_needs_of_a_model(
    request_: RoutedRequest, needs: tuple[Capability, ...]
) -> None:
    assert request_.needs == needs
