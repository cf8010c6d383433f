"""What a whole answer tells of itself: the tokens as the upstream counted them, or about how many.

Pure. Answers come from servers that we do not know: anything may be in them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from router.core.cost import Usage
from router.core.tokens import estimated_tokens
from router.errors import UpstreamBroken
from router.ports import Told

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, no UTF-8, or nested beyond all reason."""


class _Answer(msgspec.Struct):
    """The one field of a plain answer that is read."""

    usage: object = None


UsageFields = Mapping[str, object]
"""A usage object as an upstream tells it, in whatever dialect."""

_answers = msgspec.json.Decoder(_Answer)


def told_by_chat(body: bytes) -> Told:
    """A plain answer as it came, with what it tells. Raises UpstreamBroken if it is no object."""
    usage = usage_of(body)
    return Told(body, usage, 0 if usage else estimated_output_tokens(body))


def usage_of(body: bytes) -> Usage | None:
    """The usage that a plain answer tells, None if it tells none.

    Raises UpstreamBroken if the answer is not a JSON object.
    """
    usage = raw_usage_of(body)
    return read_usage(usage) if usage is not None else None


def raw_usage_of(body: bytes) -> UsageFields | None:
    """The usage object of an answer in any dialect. Raises UpstreamBroken as above."""
    try:
        usage = _answers.decode(body).usage
    except UNREADABLE:
        raise UpstreamBroken("The upstream's answer is not a JSON object.") from None
    return usage if isinstance(usage, dict) else None


def read_usage(usage: UsageFields) -> Usage | None:
    """OpenAI's `usage` object as a Usage; None if it holds no whole counts."""
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens") or 0
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cached_input_tokens=_detail(usage, "prompt_tokens_details", "cached_tokens"),
        reasoning_tokens=_detail(usage, "completion_tokens_details", "reasoning_tokens"),
    )


def read_responses_usage(usage: UsageFields) -> Usage | None:
    """The `usage` of OpenAI's responses; None if it holds no whole counts."""
    given, written = usage.get("input_tokens"), usage.get("output_tokens")
    if not isinstance(given, int) or not isinstance(written, int):
        return None
    return Usage(
        input_tokens=given,
        output_tokens=written,
        cached_input_tokens=_detail(usage, "input_tokens_details", "cached_tokens"),
        reasoning_tokens=_detail(usage, "output_tokens_details", "reasoning_tokens"),
    )


def read_messages_usage(usage: UsageFields) -> Usage | None:
    """The `usage` of Anthropic's messages, which counts cached input beside the rest of it."""
    given, written = usage.get("input_tokens"), usage.get("output_tokens")
    if not isinstance(given, int) or not isinstance(written, int):
        return None
    read, created = (
        value if isinstance(value := usage.get(name), int) else 0
        for name in ("cache_read_input_tokens", "cache_creation_input_tokens")
    )
    return Usage(given + read + created, written, cached_input_tokens=read)


def estimated_output_tokens(body: bytes) -> int:
    """About how many tokens a plain answer took to write, where the upstream told no usage."""
    try:
        answer = msgspec.json.decode(body)
    except UNREADABLE:
        return 0
    return sum(estimated_tokens(text) for text in _texts(answer))


def _detail(usage: UsageFields, group: str, name: str) -> int:
    details = usage.get(group)
    value = details.get(name) if isinstance(details, dict) else None
    return value if isinstance(value, int) else 0


def _texts(answer: Any) -> Iterator[str]:
    """What the model wrote: the texts of its messages and the arguments of its calls."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict):
            continue
        for name in ("content", "reasoning_content", "refusal"):
            if isinstance(text := message.get(name), str):
                yield text
        if message.get("tool_calls"):
            yield msgspec.json.encode(message["tool_calls"]).decode()
