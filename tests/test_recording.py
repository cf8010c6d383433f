"""Recording: what an exchange leaves in the log, whatever the upstream told."""

from typing import cast

from router.errors import DecisionLogError
from tests.fakes.exchange import exchange_with, recorded
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.upstream import FakeReply, FakeUpstream, plain_reply


async def test_tokens_that_the_upstream_did_not_count_are_estimated_and_marked() -> None:
    uncounted = FakeReply([b'{"choices": [{"message": {"content": "Hello there"}}]}'])
    gateway = fake_gateway({"near": FakeUpstream(uncounted)})

    await (await exchange_with(gateway)).open()

    row = recorded(gateway)
    assert row.usage_estimated
    assert row.usage is not None and row.usage.output_tokens > 0
    assert row.cost_usd is not None


async def test_content_is_recorded_only_where_asked_for() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply("Secret."))})
    await (await exchange_with(gateway)).open()
    assert recorded(gateway).content is None

    keeping = fake_gateway({"near": FakeUpstream(plain_reply("Secret."))})
    await (await exchange_with(keeping, content=True)).open()
    content = recorded(keeping).content
    assert content is not None
    assert "Hello" in content.request
    assert "Secret." in content.response


async def test_a_log_that_cannot_be_written_costs_nobody_an_answer() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply("Hi"))})
    cast(MemoryLog, gateway.log).error = DecisionLogError("disk full")
    exchange = await exchange_with(gateway)

    await exchange.open()

    assert b"Hi" in exchange.body


async def test_several_answers_to_one_request_do_not_make_a_model_look_wordy() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply(completion=30))})

    await (await exchange_with(gateway, answers=3)).open()

    assert gateway.stats.snapshot().of("small").output_tokens == 10
