"""What a request is made of."""

import pytest
from msgspec.structs import replace

from router.core.request import RoutedRequest, Turn
from router.signals.shape import ShapeOptions, ShapeSignal, has_code, has_maths, questions
from tests.signals.requests import asking, conversation

signal = ShapeSignal(ShapeOptions())


async def test_a_plain_question_has_no_shape_to_speak_of() -> None:
    shape = await signal.extract(asking("What is the capital of France?"))
    assert {name for name, value in shape.items() if value} == {"turns", "messages", "questions"}


async def test_turns_count_the_user_and_messages_count_everyone() -> None:
    shape = await signal.extract(
        conversation(("developer", "Be brief."), ("user", "a"), ("assistant", "b"), ("user", "c"))
    )
    assert (shape["turns"], shape["messages"], shape["has_system"]) == (2, 4, True)


async def test_a_tool_result_at_the_end_is_a_tool_loop() -> None:
    begun = conversation(("user", "Weather?"), ("assistant", ""), ("tool", "21 degrees"))
    assert (await signal.extract(begun))["tool_loop"] is True
    answered = conversation(("user", "a"), ("tool", "b"), ("assistant", "c"), ("user", "Thanks"))
    assert (await signal.extract(answered))["tool_loop"] is False


async def test_what_comes_with_the_text_is_seen_in_any_turn() -> None:
    turns = (Turn("user", "Look", images=2, audio=1, files=1), Turn("user", "Well?"))
    shape = await signal.extract(RoutedRequest(model="auto", turns=turns))
    assert (shape["images"], shape["has_images"]) == (2, True)
    assert shape["has_audio"] is shape["has_files"] is True


async def test_the_form_of_answer_asked_for_is_told() -> None:
    request = replace(asking("List them"), tools=3, json_schema=True, json_object=True, stream=True)
    shape = await signal.extract(request)
    assert (shape["tools"], shape["has_tools"]) == (3, True)
    assert shape["json_schema"] is shape["json_object"] is shape["stream"] is True


@pytest.mark.parametrize(
    "text",
    [
        "Why does this fail?\n```\nfoo bar\n```",
        "def add(a, b):\n    return a + b",
        "#include <stdio.h>\nint main() { return 0; }",
        "const total = items.length;",
        "public static void main(String[] args) {",
        "SELECT name FROM users WHERE id = 3",
        "Traceback (most recent call last)\n  File x",
        "for x in range(10):\n    print(x)",
        "fn main() {\n}",
        "$ pip install numpy",
        "<div class='a'>",
    ],
)
def test_program_code_is_told(text: str) -> None:
    assert has_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "Write a function that sorts a list of names.",
        "If you can, tell me the following:\n- one\n- two",
        "Let me know when you are back; return it for me please.",
        "Import duties rose. For everyone in the class: read this.",
        "Select a gift from the shop.",
        "She said (quite loudly) that it was over.",
        "",
    ],
)
def test_prose_is_no_code(text: str) -> None:
    assert not has_code(text)


@pytest.mark.parametrize(
    "text",
    [
        r"Evaluate \frac{1}{2} + \sqrt{2}",
        "Solve $x^2 + 3x - 4 = 0$",
        "Solve 2x + 3 = 7 for x",
        "Let f(x) = x + 1",
        "What is 12 * 7 = ?",
        "Find ∫ x dx",
        "What is sin(x) at 0?",
        "2^10",
    ],
)
def test_formulas_are_told(text: str) -> None:
    assert has_maths(text)


@pytest.mark.parametrize(
    "text",
    [
        "A coffee costs $5 and a cake costs $10.",
        "What is the history of mathematics?",
        "Set path=/usr/bin and go on (really).",
        "Meet at 5 - 6 pm",
        "",
    ],
)
def test_prose_with_numbers_is_no_formula(text: str) -> None:
    assert not has_maths(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Who? What? Where?", 3),
        ("Really??!", 1),
        ("See https://example.org/a?b=c", 0),
        ("你好吗\uff1f他呢\uff1f", 2),
        ("ما هذا؟", 1),
        ("Ποιος\u037e", 1),
        ("No question.", 0),
    ],
)
def test_questions_are_counted_by_their_marks(text: str, count: int) -> None:
    assert questions(text) == count
