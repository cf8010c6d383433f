"""A peer can draw nothing out for ever: heads, bodies and readers have bounds."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from router.connection import Bounds
from tests.fakes.served import Peer, Served, served

HEAD_BYTES = 8 * 1024
PATIENCE_S = 0.4
GET = b"GET /small HTTP/1.1\r\nhost: localhost\r\n\r\n"
POST = b"POST /small HTTP/1.1\r\nhost: localhost\r\n"
PIECE = b"x" * 64 * 1024


class App:
    """Answers with the size of the body; /large is 64 MB in pieces, /refuse reads no body."""

    def __init__(self) -> None:
        self.pieces = 0
        self.began = asyncio.Event()
        self.received: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, scope["path"] != "/refuse"
        while more:
            message = await receive()
            self.received.append(message["type"])
            if message["type"] == "http.disconnect":
                return
            size, more = size + len(message["body"]), message["more_body"]
        if scope["path"] == "/crash":
            raise KeyError("ours")
        status = 413 if scope["path"] == "/refuse" else 200
        if scope["path"] == "/large":
            await send({"type": "http.response.start", "status": 200})
            while self.pieces < 1000:
                await send({"type": "http.response.body", "body": PIECE, "more_body": True})
                self.pieces += 1
                self.began.set()
            await send({"type": "http.response.body", "body": b""})
            return
        if scope["path"] == "/slow":
            await asyncio.sleep(PATIENCE_S * 3)
        told = str(size).encode()
        headers = [(b"content-length", str(len(told)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": told})
        if scope["path"] == "/late":
            # It has answered, and is not over.
            await asyncio.sleep(PATIENCE_S)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
async def server(app: App) -> AsyncIterator[Served]:
    async with served(app, Bounds(HEAD_BYTES, PATIENCE_S, linger_s=PATIENCE_S)) as made:
        yield made


def head_of(size: int) -> bytes:
    """A whole request whose head has this many bytes, lines and all."""
    begun = b"GET /small HTTP/1.1\r\nhost: localhost\r\nx-filling: "
    return begun + b"a" * (size - len(begun) - 4) + b"\r\n\r\n"


async def test_a_head_within_the_bound_is_answered(server: Served) -> None:
    peer = await server.peer(head_of(HEAD_BYTES - 100))

    assert (await peer.answer()).status == 200


@pytest.mark.parametrize("size", [HEAD_BYTES + 100, 200_000])
async def test_a_head_over_the_bound_is_refused_in_openais_form(server: Served, size: int) -> None:
    peer = await server.peer(head_of(size))
    answer = await peer.answer()

    assert answer.status == 431
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert str(HEAD_BYTES) in answer.json["error"]["message"]
    assert await peer.rest() == b""


async def test_a_head_of_many_lines_is_refused_too(server: Served) -> None:
    lines = b"".join(b"x-%d: a\r\n" % number for number in range(2000))
    peer = await server.peer(GET[:-2] + lines + b"\r\n")

    assert (await peer.answer()).status == 431


async def test_a_header_without_an_end_is_not_gathered(server: Served) -> None:
    peer = await server.peer(GET[:-2] + b"x-endless: ")
    sent = 0
    while sent < 2_000_000 and not peer.writer.is_closing():
        try:
            await peer.send(b"a" * 16_384)
        except ConnectionError:
            break
        sent += 16_384
        await asyncio.sleep(0)

    assert sent < 2_000_000
    assert b"431" in (await peer.rest() or b"431")


async def test_a_refusal_does_not_fall_into_the_answer_of_the_request_before(
    server: Served,
) -> None:
    for behind in (head_of(200_000), b"\x00\x01garbage\r\n\r\n"):
        peer = await server.peer(GET.replace(b"/small", b"/slow") + behind)

        assert await asyncio.wait_for(peer.rest(), 10) == b""


async def test_short_requests_behind_each_other_count_each_for_itself(server: Served) -> None:
    peer = await server.peer(head_of(3000) * 10)

    assert [(await peer.answer()).status for _ in range(10)] == [200] * 10


async def test_a_long_body_is_no_long_head(server: Served) -> None:
    peer = await server.peer(POST + b"content-length: 100000\r\n\r\n" + b"a" * 100_000)

    assert (await peer.answer()).body == b"100000"


@pytest.mark.parametrize(
    "sent",
    [GET[:20], GET[:-2], b"GET", b"\r\n"],
    ids=["half", "all but its end", "a word", "an empty line"],
)
@pytest.mark.parametrize("behind", [False, True], ids=["first", "second"])
async def test_a_head_that_is_not_whole_in_time_is_dropped(
    server: Served, sent: bytes, behind: bool
) -> None:
    peer = await server.peer(GET if behind else sent)
    if behind:
        await peer.answer()
        await peer.send(sent)
    begun = time.perf_counter()

    told = await peer.rest()

    assert time.perf_counter() - begun > PATIENCE_S / 2
    assert told.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b'"type":"invalid_request_error"' in told
    assert not server.connections


async def test_a_head_that_drips_is_dropped_too(server: Served) -> None:
    peer = await server.peer(GET[:10])

    async def drip() -> None:
        while True:
            peer.writer.write(b"a")
            await asyncio.sleep(PATIENCE_S / 10)

    dripping = asyncio.create_task(drip())
    told = await asyncio.wait_for(peer.rest(), 10)
    dripping.cancel()

    assert b" 408 " in told or told == b""


async def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(
    server: Served,
) -> None:
    peer = await server.peer()

    assert await asyncio.wait_for(peer.rest(), 10) == b""


async def test_a_body_that_stands_still_is_dropped_and_the_application_told(
    server: Served, app: App
) -> None:
    peer = await server.peer(POST + b"content-length: 100\r\n\r\nabc")

    told = await asyncio.wait_for(peer.rest(), 10)

    assert told.startswith(b"HTTP/1.1 408 ")
    assert app.received[-1] == "http.disconnect"


async def test_a_body_that_moves_on_is_waited_for(server: Served) -> None:
    peer = await server.peer(POST + b"content-length: 6\r\n\r\n")
    for _ in range(6):
        await asyncio.sleep(PATIENCE_S / 2)
        await peer.send(b"a")

    assert (await peer.answer()).body == b"6"


async def test_an_answer_that_takes_long_is_no_fault_of_its_caller(server: Served) -> None:
    peer = await server.peer(GET.replace(b"/small", b"/slow"))

    assert (await asyncio.wait_for(peer.answer(), 10)).status == 200


async def test_who_sends_on_after_a_refusal_is_cut_off_after_a_while(server: Served) -> None:
    peer = await server.peer(
        b"POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999\r\n\r\n"
    )
    assert (await peer.answer()).status == 413

    begun, sent = time.perf_counter(), 0
    while time.perf_counter() - begun < 20:
        try:
            await peer.send(b"a" * 1000)
        except ConnectionError:
            break
        sent += 1000
        await asyncio.sleep(0.02)

    assert time.perf_counter() - begun < 20


async def test_a_reader_who_takes_nothing_is_dropped_and_little_is_kept_for_him(
    server: Served, app: App
) -> None:
    await server.peer(GET.replace(b"/small", b"/large"), limit=1024)
    await app.began.wait()
    (connection,) = server.connections
    most = 0
    deadline = time.perf_counter() + 10
    while server.connections and time.perf_counter() < deadline:
        most = max(most, connection.transport.get_write_buffer_size())
        await asyncio.sleep(0.01)

    assert not server.connections
    assert most <= 1_000_000


async def test_a_reader_who_is_slow_but_reads_gets_everything(server: Served, app: App) -> None:
    peer = await server.peer(GET.replace(b"/small", b"/large"), limit=1024)
    begun, received = time.perf_counter(), 0
    while time.perf_counter() - begun < 3 * PATIENCE_S:
        received += len(await peer.reader.read(len(PIECE)))
        await asyncio.sleep(PATIENCE_S / 20)
    while chunk := await peer.reader.read(2**20):
        received += len(chunk)
        if received > 1000 * len(PIECE):
            break

    assert received > 1000 * len(PIECE)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\n\r\n",
        POST + b"content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
        POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"content-length: -5\r\n\r\n",
        POST + b"content-length: 99999999999999999999999\r\n\r\n",
        POST + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        GET[:-2] + b"x-a: b\rx-c: d\r\n\r\n",
        GET[:-2] + b"x a: b\r\n\r\n",
        GET[:-2] + b"x-a: b\0c\r\n\r\n",
        GET[:-2] + b"no colon\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
    ids=range(15),
)
async def test_what_is_no_http_is_refused_in_openais_form_and_closed(
    server: Served, sent: bytes
) -> None:
    peer = await server.peer(sent)
    answer = await asyncio.wait_for(peer.answer(), 10)

    assert answer.status == 400
    assert set(answer.json["error"]) == {"message", "type", "param", "code"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    assert await peer.rest() == b""


async def test_two_hundred_half_requests_hold_up_nobody(server: Served) -> None:
    half: list[Peer] = [await server.peer(GET[:15]) for _ in range(200)]
    waits = []
    for _ in range(20):
        begun = time.perf_counter()
        assert (await (await server.peer(GET)).answer()).status == 200
        waits.append(time.perf_counter() - begun)

    assert sorted(waits)[10] < 0.5
    told = await asyncio.wait_for(asyncio.gather(*(peer.rest() for peer in half)), 20)
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in told)
