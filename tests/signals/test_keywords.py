"""Keywords of the operator's own."""

from typing import Any

import pytest
from pydantic import ValidationError

from router.signals.keywords import KeywordsOptions, KeywordsSignal, vocabulary
from tests.signals.requests import asking, conversation

# Backtracks exponentially in every engine that backtracks.
ENDLESS = "^(a|aa)+$"


def listed(**lists: Any) -> KeywordsSignal:
    return KeywordsSignal(KeywordsOptions.model_validate(lists))


async def found(text: str, *words: str) -> bool:
    flags = await listed(it={"any": list(words)}).extract(asking(text))
    return flags["keywords.it"] is True


async def test_each_list_is_one_flag() -> None:
    signal = listed(urgent={"any": ["asap"]}, legal={"regex": [r"\bNDA\b"]})
    flags = await signal.extract(asking("Please sign the nda"))
    assert flags == {"keywords.urgent": False, "keywords.legal": True}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Do it ASAP!", "asap"),
        ("as  soon\nas possible", "as soon as possible"),
        ("Is C++ faster?", "c++"),
        ("STRASSE", "Straße"),
        ("cafe\u0301 au lait", "café"),
        ("\uff35\uff32\uff27\uff25\uff2e\uff34", "urgent"),
        ("请加急处理", "急"),
        ("使用API吗", "api"),
        ("ช่วยด่วนหน่อย", "ด่วน"),
        ("это Срочно.", "срочно"),
        ("हिन्दी में", "में"),
    ],
)
async def test_words_are_found_in_any_case_and_script(text: str, word: str) -> None:
    assert await found(text, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("The insurgents left", "urgent"),
        ("asapurgent", "asap"),
        ("несрочно", "срочно"),
        ("हिन्दी", "हिन"),
        ("", "urgent"),
    ],
)
async def test_parts_of_words_are_not_found(text: str, word: str) -> None:
    assert not await found(text, word)


async def test_special_characters_of_a_keyword_mean_themselves() -> None:
    assert not await found("aXb", "a.b")
    assert await found("a.b", "a.b")


async def test_only_a_list_for_the_conversation_reads_earlier_turns() -> None:
    signal = listed(
        here={"any": ["lawsuit"]}, anywhere={"any": ["lawsuit"], "within": "conversation"}
    )
    question = "Please write a friendly birthday greeting for my colleague who turns fifty today."
    flags = await signal.extract(conversation(("user", "The lawsuit began."), ("user", question)))
    assert flags == {"keywords.here": False, "keywords.anywhere": True}


async def test_the_end_of_a_very_long_turn_is_read() -> None:
    assert await found("word " * 3_000 + "asap", "asap")


async def test_a_pattern_without_end_is_stopped_and_its_flag_stays_unknown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    signal = listed(sure={"any": ["b"]}, endless={"regex": [ENDLESS]})
    flags = await signal.extract(asking("a" * 60 + "!"))
    assert flags == {"keywords.sure": False}
    assert "keywords.endless" in caplog.text
    assert "aaa" not in caplog.text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"a": {"regex": ["(x"]}}, "not a regular expression: missing )"),
        ({"a": {}}, "expected any or regex"),
        ({"a": {"any": ["  "]}}, "nothing but space"),
        ({"a": {"any": ["x"], "colour": 1}}, "Extra inputs"),
        ({"A b": {"any": ["x"]}}, "should match pattern"),
        ({"a": {"any": ["x"], "within": "everywhere"}}, "'focus' or 'conversation'"),
    ],
)
def test_wrong_options_are_refused_with_what_is_expected(options: Any, expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        KeywordsOptions.model_validate(options)
    assert expected in str(caught.value)


def test_the_vocabulary_has_one_flag_a_list_and_none_by_default() -> None:
    options = KeywordsOptions.model_validate({"urgent": {"any": ["asap"]}})
    assert [(name, spec.type) for name, spec in vocabulary(options).items()] == [
        ("keywords.urgent", "flag")
    ]
    assert not vocabulary(KeywordsOptions())
