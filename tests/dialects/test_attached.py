"""What is sent along with a conversation: texts are read, media is passed over."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from router.core.limits import Limits
from router.dialects.attached import texts
from router.dialects.chat_body import ChatBody
from router.dialects.messages_body import MessagesBody
from router.dialects.responses_body import ResponsesBody

FILE = bytes(range(256)) * 400
PLAIN = base64.b64encode(FILE).decode()
LINES = base64.encodebytes(FILE).decode()
DOS = LINES.replace("\n", "\r\n")
SAFE = base64.urlsafe_b64encode(FILE).decode()


@pytest.mark.parametrize("content", [PLAIN, LINES, DOS, SAFE])
@pytest.mark.parametrize(
    "head",
    [
        "data:image/png;base64,",
        "data:image/*;base64,",
        "data:;base64,",
        "data:image/png; base64,",
        "DATA:image/png;BASE64,",
        'data:audio/ogg;codecs="opus";base64,',
        "data:application/pdf;name=My%20doc.pdf;base64,",
        " data:image/png;base64,",
    ],
)
def test_media_in_a_url_is_no_text(head: str, content: str) -> None:
    assert list(texts([{"url": head + content}])) == ["url"]


@pytest.mark.parametrize("content", [PLAIN, LINES, DOS, SAFE])
@pytest.mark.parametrize("name", ["data", "file_data"])
def test_media_in_its_field_is_no_text(name: str, content: str) -> None:
    assert list(texts([{name: content}])) == [name]


@pytest.mark.parametrize(
    "said",
    [
        "data: my mail is bob@example.com",
        "data:text/plain,my mail is bob@example.com",
        "data:a/b;base64, my mail is bob@example.com",
        f"data:a/b;base64,{PLAIN} bob@example.com",
        "DE89370400440532013000",
        "a " * 300,
        "word " * 300,
        "wort\u00e4hnlich" * 300,
        f"{PLAIN[:400]} my mail is bob",
    ],
)
def test_whatever_else_stands_there_is_read(said: str) -> None:
    assert said in list(texts([{"data": said}]))


def asked(**fields: Any) -> bytes:
    return json.dumps({"model": "auto", **fields}).encode()


def in_chat(content: str) -> Any:
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{content}"}},
        {"type": "input_audio", "input_audio": {"data": content, "format": "wav"}},
        {"type": "file", "file": {"file_data": content, "filename": "a.pdf"}},
    ]
    return ChatBody(asked(messages=[{"role": "user", "content": parts}]))


def in_messages(content: str) -> Any:
    source = {"type": "base64", "media_type": "image/png", "data": content}
    parts = [{"type": "image", "source": source}, {"type": "document", "source": source}]
    said = {"messages": [{"role": "user", "content": parts}], "max_tokens": 5}
    return MessagesBody(asked(**said), {})


def in_responses(content: str) -> Any:
    parts = [
        {"type": "input_image", "image_url": f"data:image/png;base64,{content}"},
        {"type": "input_file", "file_data": content, "filename": "a.pdf"},
    ]
    return ResponsesBody(asked(input=[{"role": "user", "content": parts}]))


@pytest.mark.parametrize("content", [PLAIN, LINES, DOS])
@pytest.mark.parametrize("body", [in_chat, in_messages, in_responses])
def test_no_media_counts_as_tokens_of_text(body: Callable[[str], Any], content: str) -> None:
    with_media = body(content).request(Limits()).input_tokens

    assert with_media - body("").request(Limits()).input_tokens < 50


@pytest.mark.parametrize(
    "hard", ["data:a/b" + ";c" * 2_000_000, "data:" + " " * 4_000_000, " " * 4_000_000]
)
def test_a_text_that_nearly_is_a_url_holds_nobody_up(hard: str) -> None:
    begun = time.process_time()

    assert list(texts([hard])) == [hard]

    # A look that tried every split of it would take minutes.
    assert time.process_time() - begun < 5
