"""The official OpenAI SDK on what is asked for by a model's name: moderations, images, speech."""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.fakes.process import GatewayProcess, running_gateway
from tests.fakes.scripted_upstream import (
    Received,
    Script,
    event,
    plain,
    refusal,
    scripted_process_wide,
    streamed,
)

KINDS = ("moderations", "rerank", "images", "speech")
PICTURE = base64.b64encode(b"\x89PNG").decode()
SOUND = (b"\xff\xf3\x84\xc4", b"\x00\x0d\n\n data: \xff")
DRAWN = {
    "input_tokens": 9,
    "input_tokens_details": {"text_tokens": 9, "image_tokens": 0},
    "output_tokens": 300,
    "total_tokens": 309,
}


def answering(seen: Received) -> Script:
    """A server that moderates, ranks, draws and speaks."""
    asked = seen.json
    if seen.path == "/v1/moderations":
        return plain(_moderated(asked))
    if seen.path == "/v1/rerank":
        ranked = [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]
        return plain({"results": ranked, "usage": {"total_tokens": 12}})
    if seen.path == "/v1/images/generations":
        return _drawn(bool(asked.get("stream")))
    if seen.path == "/v1/audio/speech":
        return _spoken(asked)
    return refusal(404)


def _moderated(asked: dict[str, Any]) -> dict[str, Any]:
    flags = {"violence": True, "hate": False}
    result = {
        "flagged": True,
        "categories": flags,
        "category_scores": {"violence": 0.98, "hate": 0.01},
        "category_applied_input_types": {"violence": ["text"], "hate": ["text"]},
    }
    return {"id": "modr-1", "model": asked["model"], "results": [result]}


def _drawn(stream: bool) -> Script:
    if not stream:
        return plain({"created": 1, "data": [{"b64_json": PICTURE}], "usage": DRAWN})
    shape = {"b64_json": PICTURE, "created_at": 1, "size": "1024x1024", "quality": "low"}
    shape |= {"background": "opaque", "output_format": "png"}
    partial = {"type": "image_generation.partial_image", "partial_image_index": 0, **shape}
    completed = {"type": "image_generation.completed", "usage": DRAWN, **shape}
    return streamed(*(event(it, str(it["type"])) for it in (partial, completed)))


def _spoken(asked: dict[str, Any]) -> Script:
    if asked.get("stream_format") == "sse":
        delta = {"type": "speech.audio.delta", "audio": "AA=="}
        done = {"type": "speech.audio.done", "usage": DRAWN}
        return streamed(event(delta), event(done))
    ending: Any = "cut" if asked["input"] == "Break off" else "whole"
    return Script(200, {"content-type": "audio/mpeg"}, SOUND, gap_s=0.3, ending=ending)


@contextmanager
def serving(state: Path) -> Iterator[GatewayProcess]:
    """A gateway with a model of each kind at that server."""
    with scripted_process_wide(answering) as upstream:
        spec = {"kind": "openai_http", "base_url": upstream.base_url, "speaks": KINDS, "retries": 0}
        price = {"input_usd_per_mtok": 5.0, "output_usd_per_mtok": 10.0}
        card = {"upstream": "it", "location": "cloud", "quality": 0.5, "price": price}
        names = {"moderations": "omni-moderation-latest"}
        models = {names.get(kind, kind): {**card, "speaks": [kind]} for kind in KINDS}
        strategy = {"kind": "best_quality"}
        policy = {"name": "by-name", "upstreams": {"it": spec}, "models": models}
        file = state / "policy.yaml"
        # What is JSON is YAML.
        file.write_text(json.dumps({**policy, "default": {"strategy": strategy}}), "utf-8")
        with running_gateway(state / "state", "--policy", str(file)) as gateway:
            yield gateway


@pytest.fixture(scope="module")
def by_name(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with serving(tmp_path_factory.mktemp("by-name")) as gateway:
        yield gateway


@pytest.fixture
def client(by_name: GatewayProcess) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{by_name.url}/v1", api_key="x", max_retries=0) as client:
        yield client


@pytest.mark.parametrize(
    "given", ["I hate you", ["a", "b"], [{"type": "text", "text": "I hate you"}]]
)
def test_a_moderation_needs_no_model(client: openai.OpenAI, given: Any) -> None:
    told = client.moderations.create(input=given)

    assert told.model == "omni-moderation-latest"
    assert told.results[0].flagged and told.results[0].categories.violence


def test_a_picture_arrives_with_its_usage(client: openai.OpenAI) -> None:
    told = client.images.generate(model="images", prompt="A fox")

    assert told.data is not None and told.data[0].b64_json == PICTURE
    assert told.usage is not None and told.usage.output_tokens == 300


def test_a_picture_takes_shape(client: openai.OpenAI) -> None:
    told = client.images.generate(model="images", prompt="A fox", stream=True, partial_images=1)

    kinds = [it.type for it in told]
    assert kinds == ["image_generation.partial_image", "image_generation.completed"]


def test_sound_arrives_whole(client: openai.OpenAI) -> None:
    told = client.audio.speech.create(model="speech", voice="alloy", input="Hello")

    assert told.content == b"".join(SOUND)
    assert told.response.headers["content-type"] == "audio/mpeg"


def test_sound_is_passed_on_as_it_arrives(client: openai.OpenAI) -> None:
    speak = client.audio.speech.with_streaming_response.create
    with speak(model="speech", voice="alloy", input="Hello") as told:
        pieces = list(told.iter_bytes())

    assert pieces == list(SOUND)


def test_sound_that_breaks_off_is_never_ended_cleanly(
    by_name: GatewayProcess, client: openai.OpenAI
) -> None:
    speak = client.audio.speech.with_streaming_response.create
    heard = []
    with (
        speak(model="speech", voice="alloy", input="Break off") as told,
        pytest.raises(Exception, match="without sending complete message body"),
    ):
        for piece in told.iter_bytes():
            heard.append(piece)

    assert heard == list(SOUND)
    assert "Traceback" not in by_name.output


@pytest.mark.parametrize("text", ["Hello", "Break off"])
def test_a_caller_of_http_1_0_hears_whether_sound_is_whole(
    by_name: GatewayProcess, text: str
) -> None:
    body = json.dumps({"model": "speech", "voice": "alloy", "input": text}).encode()
    head = f"POST /v1/audio/speech HTTP/1.0\r\ncontent-length: {len(body)}\r\n\r\n"
    heard = b""
    with socket.create_connection(("127.0.0.1", by_name.port), timeout=30) as asking:
        asking.sendall(head.encode() + body)
        try:
            while more := asking.recv(65536):
                heard += more
            broken = False
        except ConnectionResetError:
            broken = True

    assert heard.startswith(b"HTTP/1.1 200") and SOUND[0] in heard
    assert broken == (text == "Break off")


def test_a_caller_of_http_1_0_who_leaves_midway_leaves_no_traceback(
    by_name: GatewayProcess, client: openai.OpenAI
) -> None:
    body = json.dumps({"model": "speech", "voice": "alloy", "input": "Hello"}).encode()
    head = f"POST /v1/audio/speech HTTP/1.0\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", by_name.port), timeout=30) as asking:
        asking.sendall(head.encode() + body)
        assert asking.recv(1)

    # By then the other one is over.
    assert client.audio.speech.create(model="speech", voice="alloy", input="Hi").content
    assert "Traceback" not in by_name.output


def test_sound_as_events(client: openai.OpenAI) -> None:
    speak = client.audio.speech.with_streaming_response.create
    with speak(model="speech", voice="alloy", input="Hi", stream_format="sse") as told:
        lines = [line for line in told.iter_lines() if line]

    assert [json.loads(line.removeprefix("data: "))["type"] for line in lines] == [
        "speech.audio.delta",
        "speech.audio.done",
    ]


def test_documents_are_ranked(client: openai.OpenAI) -> None:
    asked = {"model": "rerank", "query": "capital of France", "documents": ["Rome", "Paris"]}
    told: Any = client.post("/rerank", body=asked, cast_to=object)

    assert [it["index"] for it in told["results"]] == [1, 0]


def test_a_model_that_does_something_else_is_told(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        client.audio.speech.create(model="images", voice="alloy", input="Hello")

    assert error.value.code == "no_candidate"
    assert "the model makes images alone" in error.value.message
