"""The gate: which models may and can serve, and the first thing that stands against the others."""

from typing import Any

import pytest

from router.core.catalog import ModelCard
from router.core.circuit import Circuit
from router.core.decision import Candidate, Rejection
from router.core.gate import Gate, selected
from router.core.limits import Limits
from router.core.policy import Candidates, Selector
from router.core.request import RoutedRequest, Turn
from router.core.stats import ModelStats, StatsSnapshot
from tests.core.made import NO_STATS, asking, card, catalog, per_token, read

CAPABLE = card(
    capabilities=["tools", "vision", "json_schema", "audio", "files"],
    context_window=1000,
    max_output_tokens=500,
    price=per_token(1.0),
)
COOLING = StatsSnapshot(100.0, {"m": ModelStats(circuit=Circuit(6, 107.0))})


def weighed(
    model: ModelCard,
    request: RoutedRequest,
    stats: StatsSnapshot = NO_STATS,
    **limits: Any,
) -> Candidate | Rejection:
    return Gate("m", catalog(m=model)).weigh(request, {}, stats, read(Limits, limits))


def attached(**fields: int) -> RoutedRequest:
    return RoutedRequest("auto", (Turn("user", "What is this?", **fields),))


@pytest.mark.parametrize(
    "request_",
    [
        asking(),
        asking(tools=1),
        asking(json_schema=True),
        attached(images=0, audio=1),
        attached(files=2),
        asking(max_output_tokens=500),
    ],
)
def test_a_model_that_is_capable_is_a_candidate(request_: RoutedRequest) -> None:
    found = weighed(CAPABLE, request_)

    assert isinstance(found, Candidate)
    assert (found.model, found.location, found.specialist) == ("m", "local", False)


@pytest.mark.parametrize(
    ("request_", "code", "detail"),
    [
        (asking(tools=1), "lacks_tools", "the request needs tools, which the model lacks"),
        (attached(images=1), "lacks_vision", "the request needs vision, which the model lacks"),
        (
            asking(json_schema=True),
            "lacks_json_schema",
            "the request needs json_schema, which the model lacks",
        ),
        (attached(audio=1), "lacks_audio", "the request needs audio, which the model lacks"),
        (attached(files=1), "lacks_files", "the request needs files, which the model lacks"),
    ],
)
def test_a_capability_that_the_card_does_not_name_is_lacking(
    request_: RoutedRequest, code: str, detail: str
) -> None:
    for model in (card(capabilities=[]), card()):
        assert weighed(model, request_) == Rejection("m", code, detail)  # type: ignore[arg-type]


def test_a_request_must_fit_the_window_with_the_answer_it_may_get() -> None:
    model = card(context_window=100)
    fitting = asking("x" * 180)

    assert isinstance(weighed(model, fitting), Candidate)
    assert weighed(model, asking("x" * 360)) == Rejection(
        "m", "context_too_small", "about 104 tokens exceed its window of 100"
    )
    assert weighed(model, asking("x" * 180, max_output_tokens=50)) == Rejection(
        "m", "context_too_small", "about 104 tokens exceed its window of 100"
    )


def test_a_model_is_not_asked_for_more_than_it_ever_writes() -> None:
    assert weighed(CAPABLE, asking(max_output_tokens=501)) == Rejection(
        "m",
        "context_too_small",
        "up to 501 tokens are asked for, the model writes at most 500",
    )


def test_a_model_that_is_cooling_down_is_not_asked() -> None:
    assert weighed(CAPABLE, asking(), COOLING) == Rejection(
        "m", "unhealthy", "6 failures in a row, tried again in 7 s"
    )


def test_no_model_of_an_upstream_that_is_down_is_asked() -> None:
    down = StatsSnapshot(100.0, {}, {CAPABLE.upstream: Circuit(5, 103.0)})

    assert weighed(CAPABLE, asking(), down) == Rejection(
        "m",
        "unhealthy",
        f"its upstream {CAPABLE.upstream}: 5 failures in a row, tried again in 3 s",
    )


@pytest.mark.parametrize("probed_until", [0.0, 150.0])
def test_a_model_is_a_candidate_again_for_one_request_at_a_time(probed_until: float) -> None:
    half_open = StatsSnapshot(110.0, {"m": ModelStats(circuit=Circuit(5, 107.0, probed_until))})
    found = weighed(CAPABLE, asking(), half_open)

    if probed_until:
        assert found == Rejection(
            "m", "unhealthy", "5 failures in a row, being tried again by one request"
        )
    else:
        assert isinstance(found, Candidate)


@pytest.mark.parametrize(
    ("limits", "code", "detail"),
    [
        ({"allowed_models": ["n"]}, "not_allowed", "not among the models allowed for this request"),
        ({"local_only": True}, "must_stay_local", "this request must stay on local models"),
        (
            {"max_cost_usd": 0.0001},
            "too_expensive",
            "expected 0.000305 USD, above the limit of 0.0001 USD",
        ),
        ({"max_latency": "2s"}, "too_slow", "expected 8 s, above the limit of 2 s"),
        (
            {"min_quality": 0.85},
            "quality_too_low",
            "predicted quality 0.80, below the minimum of 0.85",
        ),
    ],
)
def test_a_model_out_of_bounds_is_rejected(limits: dict[str, Any], code: str, detail: str) -> None:
    cloud = card(location="cloud", price=per_token(1.0))

    assert weighed(cloud, asking(), **limits) == Rejection("m", code, detail)  # type: ignore[arg-type]


def test_a_model_within_every_bound_is_a_candidate() -> None:
    bounds: dict[str, Any] = {
        "allowed_models": ["m"],
        "local_only": True,
        "max_cost_usd": 0.01,
        "max_latency": "1m",
        "min_quality": 0.8,
    }

    assert isinstance(weighed(CAPABLE, asking(), **bounds), Candidate)


def test_a_model_right_at_its_bounds_is_a_candidate() -> None:
    free = weighed(CAPABLE, asking())
    assert isinstance(free, Candidate)
    assert free.latency_s == 8.0
    bounds = {"min_quality": free.quality, "max_cost_usd": free.cost_usd, "max_latency": "8s"}

    assert Gate("m", catalog(m=CAPABLE)).weigh(asking(), {}, NO_STATS, read(Limits, bounds)) == free


def test_under_a_cost_limit_a_model_of_unknown_price_is_rejected() -> None:
    assert weighed(card(), asking(), max_cost_usd=0.5) == Rejection(
        "m", "cost_unknown", "no price known, and the limit is 0.5 USD"
    )


def test_what_is_forbidden_is_told_before_what_is_lacking_then_bounds_and_health_last() -> None:
    cloud = card(location="cloud")
    codes = [
        weighed(cloud, asking(tools=1), COOLING, local_only=True, max_latency="1s"),
        weighed(cloud, asking(tools=1), COOLING, max_latency="1s"),
        weighed(cloud, asking(), COOLING, max_latency="1s"),
        weighed(cloud, asking(), COOLING),
    ]

    assert [found.code for found in codes if isinstance(found, Rejection)] == [
        "must_stay_local",
        "lacks_tools",
        "too_slow",
        "unhealthy",
    ]


def test_a_slow_spell_does_not_lock_a_model_out_for_ever() -> None:
    slow = ModelStats(first_byte_s=30.0, seen_at=0.0)
    then, later = (StatsSnapshot(now, {"m": slow}) for now in (599.0, 601.0))

    assert weighed(CAPABLE, asking(), then, max_latency="10s") == Rejection(
        "m", "too_slow", "expected 37.5 s, above the limit of 10 s"
    )
    assert isinstance(weighed(CAPABLE, asking(), later, max_latency="10s"), Candidate)


def test_several_answers_are_expected_to_be_written_side_by_side() -> None:
    one, four = weighed(CAPABLE, asking()), weighed(CAPABLE, asking(answers=4))

    assert isinstance(one, Candidate)
    assert isinstance(four, Candidate)
    assert four.latency_s == one.latency_s


@pytest.mark.parametrize(
    ("candidates", "is_selected"),
    [
        ("all", True),
        (("m", "n"), True),
        (("n",), False),
        (Selector(), True),
        (Selector(location="local"), True),
        (Selector(location="cloud"), False),
        (Selector(without=("m",)), False),
        (Selector(specialises_in_domain="law"), True),
        (Selector(specialises_in_domain="math"), False),
        (Selector(specialises_in_task="code"), True),
        (Selector(specialises_in_task="chat"), False),
        (Selector(location="local", specialises_in_domain="law", without=("n",)), True),
    ],
)
def test_a_route_takes_in_models_by_name_or_by_what_they_are(
    candidates: Candidates, is_selected: bool
) -> None:
    lawyer = card(specialises_in={"domains": ["law"], "tasks": ["code"]})

    assert selected("m", lawyer, candidates) is is_selected
