"""What is asked for by the model's name: moderations, rerank, images and speech, beside embeddings.

Bytes go through, nothing is chosen, and only the very same model elsewhere stands in.
"""

import json
from typing import Any

import pytest

from router.errors import UpstreamUnreachable
from tests.api.conftest import Serve
from tests.api.named import ASKED, MP3, PATHS, PRICE, Make, answer
from tests.fakes.gateway import CATALOG, fake_gateway
from tests.fakes.upstream import FakeReply, FakeUpstream


@pytest.mark.parametrize("endpoint", PATHS)
def test_bytes_go_through_both_ways_and_leave_a_row(make: Make, endpoint: str) -> None:
    made = make(endpoint)
    asked = json.dumps({"x": 1.5, "model": "it", **ASKED[endpoint]}).replace("1.5", "1.50")

    told = made.client.post(f"/v1{PATHS[endpoint]}", content=asked)

    (call,) = made.near.calls
    assert (call.path, call.body) == (PATHS[endpoint], asked.encode())
    is_sound = endpoint == "speech"
    assert told.content == (MP3 if is_sound else b'{"object":"made"}')
    assert told.headers["content-type"] == ("audio/mpeg" if is_sound else "application/json")
    assert told.headers["x-slm-router-model"] == "it"
    row = made.row
    assert (row.endpoint, row.decision.strategy, row.outcome) == (endpoint, "named", "ok")


WEB_PAGE = FakeReply([b"<html>Sign in</html>"], headers={"content-type": "text/html"})


@pytest.mark.parametrize("endpoint", PATHS)
@pytest.mark.parametrize("fault", [UpstreamUnreachable("down"), WEB_PAGE])
def test_the_same_model_elsewhere_stands_in_and_no_other_does(
    make: Make, endpoint: str, fault: FakeReply | BaseException
) -> None:
    made = make(endpoint, fault)

    told = made.ask(endpoint)

    assert (told.status_code, told.headers["x-slm-router-model"]) == (200, "it@far")
    assert [body["model"] for body in made.far.bodies] == ["it"]


@pytest.mark.parametrize("endpoint", PATHS)
@pytest.mark.parametrize("model", ["auto", "auto:default"])
def test_nothing_is_chosen(make: Make, endpoint: str, model: str) -> None:
    told = make(endpoint).ask(endpoint, model=model)

    assert (told.status_code, told.json()["error"]["param"]) == (400, "model")
    assert told.json()["error"]["message"].endswith(": name the model.")


@pytest.mark.parametrize("endpoint", PATHS)
def test_a_model_for_conversations_does_none_of_it_and_the_other_way_round(
    make: Make, endpoint: str
) -> None:
    made = make(endpoint)
    chat = {"model": "it", "messages": [{"role": "user", "content": "Hi"}]}

    wrong = made.ask(endpoint, model="large")
    talked_to = made.client.post("/v1/chat/completions", json=chat)

    assert f"the request needs {endpoint}" in wrong.json()["error"]["message"]
    assert f"the model makes {endpoint} alone" in talked_to.json()["error"]["message"]


@pytest.mark.parametrize("endpoint", PATHS)
def test_the_policys_limits_bind(make: Make, endpoint: str) -> None:
    made = make(endpoint, local_only=True)

    assert made.ask(endpoint, model="another").status_code == 400
    assert made.ask(endpoint).status_code == 200
    assert not made.far.calls


def test_where_no_moderator_is_named_it_is_openais_own(serve: Serve) -> None:
    card = {"upstream": "near", "location": "cloud", "speaks": ["moderations"], "quality": 0.5}
    data = {**CATALOG, "models": {**CATALOG["models"], "omni-moderation-latest": card}}
    near = FakeUpstream(FakeReply([b'{"results":[]}']))
    client = serve(fake_gateway({"near": near}, catalog_data=data))

    told = client.post("/v1/moderations", json={"input": ["a", "b"]})

    assert told.headers["x-slm-router-model"] == "omni-moderation-latest"
    assert near.bodies == [{"input": ["a", "b"], "model": "omni-moderation-latest"}]


BY_KIND = {"image_tokens": 1000, "text_tokens": 1000}


@pytest.mark.parametrize(
    ("endpoint", "usage", "usd"),
    [
        ("embeddings", {"prompt_tokens": 1000, "total_tokens": 1000}, 0.005),
        ("rerank", {"total_tokens": 1000}, 0.005),
        ("rerank", {"prompt_tokens": 1000, "total_tokens": 1000}, 0.005),
        ("images", {"input_tokens": 1000, "output_tokens": 2000}, 0.065),
        (
            "images",
            {"input_tokens": 1000, "output_tokens": 2000, "output_tokens_details": None},
            0.065,
        ),
        (
            "images",
            {"input_tokens": 1000, "output_tokens": 2000, "output_tokens_details": {"x": 0}},
            0.065,
        ),
        (
            "images",
            {"input_tokens": 1000, "output_tokens": 2000, "output_tokens_details": BY_KIND},
            0.045,
        ),
    ],
)
def test_what_the_answer_tells_of_its_tokens_is_its_price(
    make: Make, endpoint: str, usage: dict[str, Any], usd: float
) -> None:
    told = json.dumps({"usage": usage}).encode()
    price = {**PRICE, "output_image_usd_per_mtok": 30.0}
    made = make(endpoint, answer(endpoint, told), price=price)

    made.ask(endpoint)

    assert made.row.cost_usd == pytest.approx(usd)
    assert not made.row.usage_estimated


@pytest.mark.parametrize(
    ("endpoint", "is_known"),
    [
        ("embeddings", True),
        ("moderations", True),
        ("rerank", True),
        ("images", False),
        ("speech", False),
    ],
)
def test_a_picture_or_sound_without_usage_has_no_price_by_the_token(
    make: Make, endpoint: str, is_known: bool
) -> None:
    made = make(endpoint)

    made.ask(endpoint)

    usage = made.row.usage
    assert usage is not None and made.row.usage_estimated
    assert (usage.input_tokens > 0, usage.output_tokens) == (True, 0)
    assert (made.row.cost_usd is not None) == is_known


def test_who_tells_that_a_picture_took_no_tokens_has_not_counted(make: Make) -> None:
    usage = {"usage": {"input_tokens": 9, "output_tokens": 0, "total_tokens": 9}}
    made = make("images", answer("images", json.dumps(usage).encode()))

    made.ask("images")

    assert (made.row.cost_usd, made.row.usage_estimated) == (None, True)


@pytest.mark.parametrize("endpoint", PATHS)
def test_a_quality_and_a_speed_that_nobody_foresees_stand_against_nothing(
    make: Make, endpoint: str
) -> None:
    made = make(endpoint, min_quality=0.9, max_latency="1ms")

    assert made.ask(endpoint).status_code == 200


def test_ten_pictures_are_expected_to_cost_ten_times_as_much(make: Make) -> None:
    # 300 tokens each at 10 dollars a million.
    made = make("images", max_cost_usd=0.02)

    assert made.ask("images", n=1).status_code == 200
    assert made.ask("images", n=10).status_code == 400
    why = {it.model: it.code for it in made.log.events[-1].decision.rejected}
    assert (why["it"], why["it@far"]) == ("too_expensive", "too_expensive")
    assert "another" not in why


@pytest.mark.parametrize("endpoint", PATHS)
def test_nobody_is_sent_to_auto(make: Make, endpoint: str) -> None:
    made = make(endpoint)

    unknown, unnamed = made.ask(endpoint, model="nobody"), made.ask(endpoint, model="")

    told = [answer.json()["error"]["message"] for answer in (unknown, unnamed)]
    assert unknown.status_code == 404
    assert not [message for message in told if "auto" in message]


@pytest.mark.parametrize("endpoint", ["images", "speech"])
def test_by_the_machine_hour_a_picture_and_sound_have_a_price(make: Make, endpoint: str) -> None:
    made = make(endpoint, price={"usd_per_hour": 3600.0})

    made.ask(endpoint)

    assert made.row.cost_usd is not None


def test_what_the_upstream_refuses_is_told_in_its_own_words(make: Make) -> None:
    error = {"error": {"message": "No such voice.", "type": "invalid_request_error"}}
    made = make("speech", FakeReply([json.dumps(error).encode()], status=400))

    told = made.ask("speech")

    assert (told.status_code, told.json()["error"]["message"]) == (400, "No such voice.")
    assert made.row.outcome == "refused"


@pytest.mark.parametrize(
    ("endpoint", "fields", "param"),
    [
        ("moderations", {"input": None}, "input"),
        ("moderations", {"input": []}, "input"),
        ("moderations", {"input": ["a", 5]}, "input[1]"),
        ("rerank", {"query": 5}, "query"),
        ("rerank", {"documents": "Paris"}, "documents"),
        ("rerank", {"documents": []}, "documents"),
        ("rerank", {"documents": ["a", {}]}, "documents[1]"),
        ("images", {"prompt": ""}, "prompt"),
        ("images", {"n": 0}, "n"),
        ("images", {"stream": "yes"}, "stream"),
        ("images", {"model": None}, "model"),
        ("speech", {"input": ["Hi"]}, "input"),
        ("speech", {"model": ""}, "model"),
    ],
)
def test_the_field_at_fault_is_named(
    make: Make, endpoint: str, fields: dict[str, Any], param: str
) -> None:
    told = make(endpoint).ask(endpoint, **fields)

    assert (told.status_code, told.json()["error"]["param"]) == (400, param)
