"""A first visit: what is to be set up, and a way to see the dashboard filled."""

import asyncio
import time

import pytest

from router.api.reports.demo import prompts
from router.core.catalog import SimulatedSpec
from router.core.feedback import Feedback
from router.core.tags import is_tag
from router.gateway import Gateway
from router.runtime import Reload
from router.upstreams.simulated import Simulated
from tests.dashboard.conftest import HOME, PAGE, Dashboard, Opened
from tests.fakes.events import AT, an_event
from tests.fakes.gateway import CATALOG, catalog, fake_gateway

OWN = {"origin": HOME}
SPEC = {"kind": "simulated", "first_token": "1ms", "tokens_per_second": 1e6}


def simulating() -> Gateway:
    data = {"upstreams": {"near": SPEC, "far": SPEC}, "models": CATALOG["models"]}
    spec = catalog(data).upstreams["near"]
    assert isinstance(spec, SimulatedSpec)
    upstream = Simulated(spec)
    return fake_gateway({"near": upstream, "far": upstream}, catalog_data=data)


def steps(it: Dashboard) -> dict[str, bool]:
    return {step["id"]: step["done"] for step in it.client.get("/api/v1/setup").json()["steps"]}


def test_a_first_visit_offers_the_demo_and_says_what_is_to_do(opened: Opened) -> None:
    shown = opened().page("/")

    assert "Send 300 demo prompts" in shown
    assert "A first request was routed" in shown


def test_with_decisions_it_shows_them_in_its_place(opened: Opened) -> None:
    shown = opened([an_event("d1")]).page("/")

    assert "demo prompts" not in shown
    assert 'href="/decisions/d1"' in shown


def test_the_steps_follow_what_has_been_done(opened: Opened) -> None:
    assert steps(opened(gateway=simulating())) == {
        "models": False,
        "policy": False,
        "reload": True,
        "prices": True,
        "request": False,
        "feedback": False,
    }
    done = steps(opened([an_event("d1"), Feedback("d1", "user", AT, 1.0)]))
    assert done["models"] and done["request"] and done["feedback"]


def test_a_policy_file_that_cannot_be_read_is_told_on_every_page(opened: Opened) -> None:
    it = opened()
    it.runtime.reload = Reload(1.0, "policy.yaml:3:1: rules: <broken>")

    assert steps(it)["reload"] is False
    for path in ("/", "/decisions", "/playground"):
        assert "policy.yaml:3:1: rules: &lt;broken&gt;" in it.page(path)


def test_the_demo_goes_through_the_gateway_as_requests_do(opened: Opened) -> None:
    it = opened(gateway=simulating())

    answer = it.client.post("/demo", headers={**OWN, **PAGE}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "data-live" in it.page("/?part=demo")
    deadline = time.monotonic() + 60
    while (told := it.client.get("/api/v1/demo").json())["state"] == "running":
        assert time.monotonic() < deadline
        it.client.portal.call(asyncio.sleep, 0.05)  # type: ignore[union-attr]

    assert (told["state"], told["sent"], told["failed"]) == ("done", 300, 0)
    logged = it.client.get("/api/v1/decisions?limit=500").json()["decisions"]
    assert len(logged) == 300
    assert {row["outcome"] for row in logged} == {"ok"}
    assert sum(row["stream"] for row in logged) == 150
    assert "The demo is through" in it.page("/")


def test_the_demo_asks_and_prices_nobody_who_is_asked_for_by_name(opened: Opened) -> None:
    painter = {"upstream": "near", "location": "cloud", "quality": 1.0, "speaks": ["images"]}
    data = {**CATALOG, "models": {**CATALOG["models"], "painter": painter}}

    told, usual = (
        opened(gateway=fake_gateway({}, catalog_data=one)).client.get("/api/v1/demo").json()
        for one in (data, CATALOG)
    )

    assert (told["models"], told["at_most_usd"]) == (usual["models"], usual["at_most_usd"])
    assert told["at_most_usd"] is not None


def test_where_models_cost_money_nothing_is_sent_without_a_word(opened: Opened) -> None:
    it = opened()

    told = it.client.get("/api/v1/demo").json()
    assert told["simulated"] is False
    assert 0.5 < told["at_most_usd"] < 10
    shown = it.page("/")
    assert 'type="checkbox" name="confirm" value="true" required' in shown
    for answer in (
        it.client.post("/demo", headers=OWN),
        it.client.post("/api/v1/demo", json={}),
        it.client.post("/api/v1/demo", json={"confirm": "yes"}),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == "confirm"
    assert it.client.get("/api/v1/demo").json()["state"] == "idle"


def test_a_price_that_is_not_known_is_not_taken_for_nothing(opened: Opened) -> None:
    models = {name: {**card, "price": None} for name, card in CATALOG["models"].items()}
    it = opened(gateway=fake_gateway({}, catalog_data={**CATALOG, "models": models}))

    assert it.client.get("/api/v1/demo").json()["at_most_usd"] is None
    assert steps(it)["prices"] is False
    assert "not every price is known" in it.page("/")


@pytest.mark.parametrize("body", [b"x", b"[1]", b'{"confirm": true', b"null"])
def test_a_body_that_is_none_starts_nothing(opened: Opened, body: bytes) -> None:
    assert opened().client.post("/api/v1/demo", content=body).status_code == 400


def test_every_demo_prompt_is_a_chat_completion() -> None:
    assert len(prompts()) == 300
    assert all(set(it.body) <= {"messages", "tools", "response_format"} for it in prompts())
    assert all(it.tags[0] == "demo" and all(map(is_tag, it.tags)) for it in prompts())
