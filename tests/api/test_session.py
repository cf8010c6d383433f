"""Which requests belong together: by header, by body, by user, or by how a conversation begins."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from router.gateway import Gateway
from tests.fakes.conversations import CHAT, FIRST, NEXT, SAID, SYSTEM, asked, events
from tests.fakes.gateway import fake_gateway
from tests.fakes.upstream import FakeUpstream

Serve = Callable[[Gateway], TestClient]


def sessions(
    serve: Serve, *bodies: dict[str, Any], headers: dict[str, str] | None = None
) -> list[str | None]:
    gateway = fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()})
    client = serve(gateway)
    for body in bodies:
        assert client.post(CHAT, json=body, headers=headers).status_code == 200
    return [event.session for event in events(gateway)]


NAMED: list[dict[str, Any]] = [
    {"session_id": "7"},
    {"conversation": "7"},
    {"conversation": {"id": "7"}},
    {"metadata": {"session_id": "7"}},
    {"metadata": {"conversation_id": "7"}},
    {"prompt_cache_key": "7"},
    {"user": "7"},
    {"safety_identifier": "7"},
    {"metadata": {"user_id": "7"}},
]


@pytest.mark.parametrize("name", NAMED)
def test_a_body_names_its_session_in_many_ways(serve: Serve, name: dict[str, Any]) -> None:
    one, same, other = sessions(
        serve, asked(FIRST, **name), asked(NEXT, **name), asked(FIRST, user="8")
    )

    assert one == same != other
    assert one is not None and len(one) == 16


@pytest.mark.parametrize(
    "odd",
    [{"metadata": "x"}, {"metadata": None}, {"conversation": {"id": 7}}, {"session_id": [1]}],
)
def test_what_is_no_name_is_passed_over(serve: Serve, odd: dict[str, Any]) -> None:
    unnamed, oddly = sessions(serve, asked(FIRST), asked(FIRST, **odd))

    assert unnamed == oddly


def test_the_header_counts_for_more_than_the_body(serve: Serve) -> None:
    one, other = sessions(
        serve,
        asked(FIRST, user="7"),
        asked(NEXT, user="8"),
        headers={"x-slm-router-session": "mine"},
    )

    assert one == other


def test_without_a_name_a_conversation_is_known_by_how_it_begins(serve: Serve) -> None:
    one, later, other, elsewhere = sessions(
        serve,
        asked(SYSTEM, FIRST),
        asked(SYSTEM, FIRST, SAID, NEXT),
        asked(SYSTEM, NEXT),
        asked({**SYSTEM, "content": "Be brief."}, FIRST),
    )

    assert one == later
    assert len({one, other, elsewhere}) == 3


def test_a_line_that_an_agent_writes_anew_each_time_is_not_part_of_the_beginning(
    serve: Serve,
) -> None:
    def system(nonce: str, rest: str = "You are an agent.") -> dict[str, Any]:
        line = f"x-anthropic-billing-header: cc_version=2.1; cch={nonce};"
        return {"role": "system", "content": f"{line}\n{rest}"}

    one, later, other = sessions(
        serve,
        asked(system("eb6c6"), FIRST),
        asked(system("0aaa9"), FIRST, SAID, NEXT),
        asked(system("0aaa9", "You are another."), FIRST),
    )

    assert one == later != other


def test_what_only_differs_after_a_long_beginning_is_told_apart_by_length(serve: Serve) -> None:
    text = "x" * 5_000
    one, other = sessions(
        serve, asked({**FIRST, "content": text}), asked({**FIRST, "content": text + "y"})
    )

    assert one != other
