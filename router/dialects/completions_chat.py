"""A legacy completion by way of a chat completion: the prompt is the user's message."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from router.dialects import fields as body
from router.dialects.translation import (
    Fields,
    Renames,
    TranslatedEvents,
    event_of,
    renamed,
    told_through,
)
from router.ports import Way

SAME: Renames = {
    name: name
    for name in (
        "max_tokens",
        "temperature",
        "top_p",
        "n",
        "stop",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "seed",
        "user",
        "stream",
    )
}
_KEPT = ("id", "created", "model", "system_fingerprint", "usage")


def way(asked: body.Fields, usage_asked: bool, answers: int) -> Way:
    """The way there and back."""

    def body_for(model: str) -> bytes:
        given = asked.decoded()
        prompt = given["prompt"]
        text = prompt if isinstance(prompt, str) else prompt[0]
        sent: Fields = {"model": model, "messages": [{"role": "user", "content": text}]}
        sent |= renamed(given, SAME)
        if given.get("stream"):
            sent["stream_options"] = {"include_usage": True}
        return msgspec.json.encode(sent)

    return Way(
        path="/chat/completions",
        body=body_for,
        answer=lambda answer: told_through(answer, completion),
        events=lambda: TranslatedEvents(_Writer(usage_asked), answers),
    )


def completion(answer: Mapping[str, Any]) -> Fields:
    """A chat completion as a text completion."""
    choices = [
        _choice(choice, choice["message"].get("content") or "") for choice in answer["choices"]
    ]
    return {**_kept(answer), "object": "text_completion", "choices": choices}


class _Writer:
    def __init__(self, usage_asked: bool) -> None:
        self._usage_asked = usage_asked

    def chunk(self, chunk: Mapping[str, Any]) -> Iterable[bytes]:
        choices = [
            _choice(choice, (choice.get("delta") or {}).get("content") or "")
            for choice in chunk.get("choices") or ()
        ]
        told = {**_kept(chunk), "object": "text_completion", "choices": choices}
        if not self._usage_asked:
            told.pop("usage", None)
        if choices or self._usage_asked:
            yield event_of(None, told)

    def end(self) -> Iterable[bytes]:
        yield b"data: [DONE]\n\n"


def _kept(answer: Mapping[str, Any]) -> Fields:
    return {name: answer[name] for name in _KEPT if name in answer}


def _choice(choice: Mapping[str, Any], text: str) -> Fields:
    return {
        "text": text,
        "index": choice.get("index", 0),
        "logprobs": None,
        "finish_reason": choice.get("finish_reason"),
    }
