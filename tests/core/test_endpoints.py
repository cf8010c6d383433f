"""What models are asked through, and requests that only some of them can be asked for."""

from typing import Any

import pytest
from pydantic import ValidationError

from router.core.catalog import Catalog, Endpoint
from router.core.decide import decide
from router.core.gate import Gate
from router.core.request import RoutedRequest, Turn, UnreadableText
from tests.core.made import NO_STATS, asking, card, catalog, policy, read

SERVER = {"kind": "openai_http", "base_url": "http://127.0.0.1:1/v1"}


def served(speaks: list[str] | None, card_speaks: list[str] | None = None) -> Catalog:
    """One model of one server."""
    upstream = SERVER | ({"speaks": speaks} if speaks is not None else {})
    model = {"upstream": "here", "location": "local", "quality": 0.8, "speaks": card_speaks}
    return read(Catalog, {"upstreams": {"here": upstream}, "models": {"m": model}})


@pytest.mark.parametrize(
    ("upstream", "own", "spoken"),
    [
        (None, None, ("chat",)),
        (["chat", "responses", "embeddings"], None, ("chat", "responses")),
        (["chat", "embeddings"], ["embeddings"], ("embeddings",)),
        (["embeddings"], None, ("embeddings",)),
        (["chat"], ["chat", "messages"], ("chat", "messages")),
    ],
)
def test_a_model_is_asked_through_what_its_upstream_speaks_unless_its_card_says_otherwise(
    upstream: list[str] | None, own: list[str] | None, spoken: tuple[str, ...]
) -> None:
    assert served(upstream, own).speaks("m") == spoken


@pytest.mark.parametrize("speaks", [[], ["chat", "chat"], ["telex"], "chat"])
def test_what_nobody_speaks_is_refused(speaks: Any) -> None:
    with pytest.raises(ValidationError):
        served(speaks)


@pytest.mark.parametrize(
    ("endpoints", "bound_by", "detail"),
    [
        (("responses", "chat"), None, None),
        (("responses",), "store", "store needs responses, the model is asked through chat"),
        (("embeddings",), None, "the request needs embeddings, the model is asked through chat"),
    ],
)
def test_a_model_that_cannot_be_asked_is_out_with_the_field_that_asks(
    endpoints: tuple[Endpoint, ...], bound_by: str | None, detail: str | None
) -> None:
    request = asking(endpoints=endpoints, bound_by=bound_by)

    found = Gate("m", served(None)).weigh(request, {}, NO_STATS)

    assert getattr(found, "detail", None) == detail
    assert getattr(found, "code", None) == (None if detail is None else "lacks_endpoint")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"speaks": ["images"]}, None),
        ({"speaks": ["images"], "context_window": 8_192}, "context_too_small"),
        ({"speaks": ["images", "chat"]}, "context_too_small"),
    ],
)
def test_a_window_that_nobody_told_stands_against_nothing_that_is_asked_by_name(
    given: dict[str, Any], code: str | None
) -> None:
    request = RoutedRequest(
        "m", (Turn("user", "", tokens=9_000),), endpoints=("images",), separate=True
    )

    found = Gate("m", catalog(m=card(**given))).weigh(request, {}, NO_STATS)

    assert getattr(found, "code", None) == code


VECTORS = {"speaks": ["embeddings"]}


def test_only_the_same_model_may_stand_in_for_an_embedder_and_the_one_named_comes_first() -> None:
    models = catalog(
        twin=card(upstream_model="e5", **VECTORS),
        e5=card(**VECTORS),
        other=card(**VECTORS),
    )
    request = asking(model="e5", endpoints=("embeddings",))

    decision = decide(request, {}, policy(), models, NO_STATS, 0.5)

    assert decision.models == ("e5", "twin")
    assert decision.propensities == {"e5": 1.0, "twin": 0.0}


def test_what_is_asked_by_name_is_in_no_other_requests_decision() -> None:
    models = catalog(m=card(), e5=card(**VECTORS))

    for asked in ("auto", "m"):
        decision = decide(asking(model=asked), {}, policy(), models, NO_STATS, 0.5)
        assert decision.models == ("m",)
        assert decision.rejected == ()


def test_nothing_stands_in_for_a_model_that_was_named_for_a_conversation() -> None:
    models = catalog(twin=card(upstream_model="m"), m=card())

    assert decide(asking(model="m"), {}, policy(), models, NO_STATS, 0.5).models == ("m",)


TOKENS = RoutedRequest("auto", (Turn("user", "", tokens=500),))


@pytest.mark.parametrize("text", ["text", "last_user_text", "focus"])
def test_token_numbers_cannot_be_read(text: str) -> None:
    with pytest.raises(UnreadableText):
        getattr(TOKENS, text)


def test_token_numbers_count_as_tokens() -> None:
    assert 500 <= TOKENS.input_tokens < 510


def test_inputs_that_stand_alone_need_room_for_the_longest() -> None:
    turns = tuple(Turn("user", "", tokens=count) for count in (5, 90, 20))

    assert RoutedRequest("auto", turns, separate=True).context_tokens == 90
    assert RoutedRequest("auto", turns).context_tokens > 115
