"""What every kind of signal promises, held against each one in SIGNALS."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from router.core.quality import quality_vocabulary
from router.core.request import RoutedRequest, Turn
from router.core.signals import QUALITY, Signals, SignalSpec, SignalValue
from router.identifier import shipped_identifier
from router.ports import Signal
from router.signals import SIGNALS, build, privacy, vocabulary
from tests.fakes.classifier import FakeClassifier, FakeJudgement

OPTIONS: dict[str, BaseModel] = {
    "keywords": SIGNALS["keywords"].options.model_validate(
        {"urgent": {"any": ["asap", "急"], "regex": [r"\bnow\b"], "within": "conversation"}}
    ),
    "privacy": SIGNALS["privacy"].options.model_validate(
        {"types": ["email", "phone", "card", "iban", "secret", "national_id", "ip_address"]}
    ),
    "learned": SIGNALS["learned"].options.model_validate({"timeout": "20s"}),
}
MODELS = ("small", "large")


class Knowing(FakeClassifier):
    """A classifier that foresees the models of a catalog."""

    def judge(self, texts: Sequence[str], /) -> list[FakeJudgement]:
        chances = {model: 1 / (1 + place) for place, model in enumerate(MODELS)}
        return [replace(judged, quality=chances) for judged in super().judge(texts)]


CLASSIFIER = Knowing()
ALL = build(None, OPTIONS, CLASSIFIER, shipped_identifier())
TURN = st.builds(
    Turn,
    role=st.sampled_from(["system", "developer", "user", "assistant", "tool", "strange"]),
    text=st.text(max_size=200),
    images=st.integers(0, 3),
    audio=st.integers(0, 2),
    files=st.integers(0, 2),
)
REQUEST = st.builds(
    RoutedRequest,
    model=st.just("auto"),
    turns=st.lists(TURN, max_size=5).map(tuple),
    tools=st.integers(0, 3),
    json_schema=st.booleans(),
    max_output_tokens=st.none() | st.integers(1, 10_000),
    attached=st.text(max_size=50),
)
MARK = "zqxjvwk"
"""A word that no signal has a reason to say."""
EXTREMES = {
    "nothing": "",
    "one character": "x",
    "huge": "All work and no play makes Jack a dull boy. " * 25_000,
    "one huge word": "a" * 1_000_000,
    "newlines": "\n" * 100_000,
    "digits": "0123456789" * 20_000,
    "brackets": "([{<" * 50_000,
    "quotes": "`'\"" * 60_000,
    "fences": "```\n" * 50_000,
    "dollars": "$ x^2 " * 40_000,
    "selects": "SELECT " * 30_000,
    "at signs": "a@b." * 50_000,
    "null bytes": "\x00" * 1_000,
    "lone surrogates": "\ud800\udfff x",
    "combining marks": "e" + "\u0301" * 10_000,
    "right to left": "\u202e" + "مرحبا كيف حالك " * 200,
    "emoji": "👩\u200d👩\u200d👧\u200d👦" * 2_000,
    "Chinese": "你好请帮我写一封信。" * 500,
    "Thai": "สวัสดีครับ" * 500,
    "undefined characters": "\U0010ffff\ufffe\uffff" * 100,
}

each_kind = pytest.mark.parametrize("kind", SIGNALS)


def signal_of(kind: str) -> Signal:
    return ALL[kind]


def specs_of(kind: str) -> Mapping[str, SignalSpec]:
    chosen: Any = OPTIONS.get(kind) or SIGNALS[kind].options()
    return SIGNALS[kind].vocabulary(chosen)


def promised(kind: str) -> Mapping[str, SignalSpec]:
    """What a kind may yield: its own names, and of the learned one those of a catalog's models."""
    return {**specs_of(kind), **(quality_vocabulary(MODELS) if kind == "learned" else {})}


def fits(value: SignalValue, spec: SignalSpec) -> bool:
    if spec.type == "flag":
        return isinstance(value, bool)
    if spec.type == "text":
        return isinstance(value, str) and (spec.values is None or value in spec.values)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and _within(float(value), spec)


def _within(value: float, spec: SignalSpec) -> bool:
    low = spec.low if spec.low is not None else value
    high = spec.high if spec.high is not None else value
    return low <= value <= high


def assert_keeps_its_word(kind: str, signals: Signals) -> None:
    specs = promised(kind)
    wrong = {
        name: value
        for name, value in signals.items()
        if name not in specs or not fits(value, specs[name])
    }
    assert not wrong


@each_kind
@settings(deadline=None, max_examples=60)
@given(request=REQUEST)
async def test_any_request_yields_names_of_the_vocabulary_with_values_of_their_type(
    kind: str, request: RoutedRequest
) -> None:
    assert_keeps_its_word(kind, await signal_of(kind).extract(request))


@each_kind
@pytest.mark.parametrize("text", EXTREMES.values(), ids=EXTREMES.keys())
async def test_no_text_is_too_much(kind: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # That it gives up in time is another test's; a busy machine must not decide this one.
    monkeypatch.setattr(privacy, "LONGEST_SECONDS", 20.0)
    request = RoutedRequest(model="auto", turns=(Turn("user", text),))
    assert_keeps_its_word(kind, await signal_of(kind).extract(request))


@each_kind
async def test_a_request_without_turns_has_signals_too(kind: str) -> None:
    assert_keeps_its_word(kind, await signal_of(kind).extract(RoutedRequest("auto", ())))


@each_kind
async def test_no_value_holds_text_of_the_request(kind: str) -> None:
    text = f"{MARK} {MARK}@example.org password: {MARK}12345 asap `{MARK}` {MARK}?"
    signals = await signal_of(kind).extract(RoutedRequest("auto", (Turn("user", text),)))
    assert MARK not in repr(dict(signals))


@each_kind
async def test_the_same_request_has_the_same_signals(kind: str) -> None:
    request = RoutedRequest("auto", (Turn("user", "Mail jane@doe.org asap: what is 2 + 2 = ?"),))
    assert await signal_of(kind).extract(request) == await signal_of(kind).extract(request)


@each_kind
def test_options_are_frozen_and_refuse_what_they_do_not_know(kind: str) -> None:
    options = SIGNALS[kind].options
    assert options.model_config.get("frozen") is True
    with pytest.raises(ValidationError):
        options.model_validate({"no such option": 1})


@each_kind
def test_every_name_is_documented_in_the_kinds_own_page(kind: str) -> None:
    page = importlib.import_module(f"router.signals.{kind}").__doc__ or ""
    undocumented = {
        name
        for name in promised(kind)
        if f"`{name}`" not in page and not name.startswith(("keywords.", QUALITY))
    }
    assert not undocumented
    assert f"`{QUALITY}<model>`" in page or kind != "learned"


def test_no_name_belongs_to_two_kinds() -> None:
    names = [name for kind in SIGNALS for name in specs_of(kind)]
    assert len(names) == len(set(names)) == len(vocabulary(OPTIONS))


def test_the_vocabulary_takes_default_options_where_none_are_given() -> None:
    names = vocabulary({})
    assert {"tokens", "code", "language", "pii", "pii.email", "complexity"} <= names.keys()
    assert "pii.ip_address" not in names


def test_only_kinds_that_yield_a_wanted_name_are_built_the_cheap_ones_first() -> None:
    assert list(build({"complexity", "tokens"}, {}, CLASSIFIER)) == ["size", "learned"]
    assert list(build({"pii.card", "keywords.urgent"}, OPTIONS, None)) == ["keywords", "privacy"]
    assert build({"pii.ip_address"}, {}, None) == {}
    assert build((), {}, CLASSIFIER) == {}


def test_without_a_classifier_nothing_is_learned_and_without_an_identifier_no_language_told() -> (
    None
):
    assert build(None, OPTIONS, None).keys() == SIGNALS.keys() - {"learned", "language"}
    assert "language" in build(None, OPTIONS, None, shipped_identifier())
    assert list(ALL) == list(SIGNALS)
