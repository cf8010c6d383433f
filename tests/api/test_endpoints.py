"""The other endpoints, and that every error takes OpenAI's form."""

import pytest

from router import errors
from router.api import ROUTES
from router.api.errors import STATUS, answer_of
from router.core.catalog import Catalog
from router.runtime import Reload
from tests.api.conftest import Serve
from tests.fakes.gateway import MemoryLog, fake_gateway, policy
from tests.fakes.upstream import FakeUpstream

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}


def test_route_decides_and_calls_nobody(serve: Serve) -> None:
    near = FakeUpstream()
    gateway = fake_gateway({"near": near})

    told = serve(gateway).post("/v1/route", json=HELLO).json()

    assert told["model"] == "small"
    assert [c["model"] for c in told["candidates"]] == ["small", "large"]
    assert {c["quality_source"] for c in told["candidates"]} == {"prior and difficulty"}
    assert sum(c["propensity"] for c in told["candidates"]) == 1
    assert told["signals"] == {"complexity": 0.2, "difficulty": 0.0}
    assert near.calls == []
    assert isinstance(gateway.log, MemoryLog) and gateway.log.events == []


def test_route_tells_what_ruled_the_others_out(serve: Serve) -> None:
    answer = serve(fake_gateway({})).post(
        "/v1/route", json=HELLO, headers={"x-slm-router-local-only": "true"}
    )

    (rejected,) = answer.json()["rejected"]
    assert (rejected["model"], rejected["code"]) == ("large", "must_stay_local")


def test_route_answers_also_where_no_model_may_serve(serve: Serve) -> None:
    answer = serve(fake_gateway({})).post(
        "/v1/route", json=HELLO, headers={"x-slm-router-allowed-models": ""}
    )

    assert answer.status_code == 200
    assert answer.json()["model"] is None


def test_models_are_auto_each_policy_and_the_catalog(serve: Serve) -> None:
    client = serve(fake_gateway({}, policies=(policy(), policy(name="other"))))

    names = [model["id"] for model in client.get("/v1/models").json()["data"]]

    assert names == ["auto", "auto:default", "auto:other", "small", "large"]
    assert client.get("/v1/models/large").json()["slm_router"]["location"] == "cloud"


def test_a_model_name_with_slashes_can_be_looked_up(serve: Serve) -> None:
    answer = serve(fake_gateway({})).get("/v1/models/meta-llama/Llama-3")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


def test_ready_tells_the_policy_in_force_and_the_last_reload(serve: Serve) -> None:
    client = serve(fake_gateway({}))

    told = client.get("/readyz").json()

    assert told["default_policy"] == "default@1a2b3c4d"
    assert told["policy_reload"] == {"ok": True, "at": 1_700_000_000.0, "error": None}


def test_a_refused_reload_leaves_us_ready_and_is_told(serve: Serve) -> None:
    client = serve(fake_gateway({}))
    client.app.state.runtime.reload = Reload(1.0, "policy.yaml:3:1: rules: broken")  # type: ignore[attr-defined]

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["policy_reload"]["error"] == "policy.yaml:3:1: rules: broken"


def test_shutdown_makes_us_unready_but_alive(serve: Serve) -> None:
    client = serve(fake_gateway({}))
    client.app.state.runtime.accepting = False  # type: ignore[attr-defined]

    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_metrics_are_the_registrys(serve: Serve) -> None:
    answer = serve(fake_gateway({})).get("/metrics")

    assert answer.content == b"slm_router_build_info 1\n"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("POST", "/v1/nothing", 404),
    ],
)
def test_unknown_paths_and_methods_are_told_as_openai_would(
    serve: Serve, method: str, path: str, status: int
) -> None:
    answer = serve(fake_gateway({})).request(method, path)

    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_every_error_has_a_status() -> None:
    def family(kind: type[errors.RouterError]) -> set[type[errors.RouterError]]:
        return {kind}.union(*(family(child) for child in kind.__subclasses__()))

    ours = {kind for kind in family(errors.RouterError) if kind.__module__ == "router.errors"}

    assert ours == set(STATUS)


def test_an_error_answers_by_its_nearest_ancestor() -> None:
    class Special(errors.UnknownModel):
        pass

    assert answer_of(Special("x")).status == 404


def test_no_route_is_listed_twice() -> None:
    assert len({(method, path) for method, path, *_ in ROUTES}) == len(ROUTES)


def test_the_fake_catalog_is_not_simulated(serve: Serve) -> None:
    gateway = fake_gateway({})

    assert isinstance(gateway.default.catalog, Catalog)
    assert not gateway.simulated
