"""What a whole answer tells of itself: the tokens as the upstream counted them, or about how many.

Pure. Answers come from servers that we do not know: anything may be in them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import astuple, replace

from router import lenient
from router.core.cost import Usage
from router.core.tokens import estimated_tokens
from router.errors import UpstreamBroken
from router.ports import Told

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON, no UTF-8, or nested beyond all reason."""


class _Answer(msgspec.Struct):
    """The one field of a plain answer that is read."""

    usage: object = None


MOST_TOKENS = 1_000_000_000
"""Of one answer: some hundred times as many as the widest window holds."""

UsageFields = Mapping[str, object]
"""A usage object as an upstream tells it, in whatever dialect."""

_TOOLS = "server_tool_use"
_BESIDE = frozenset(
    {"num_sources_used", "num_server_side_tools_used", "num_search_queries", _TOOLS}
)
"""What is charged for beside tokens: searches and tools, as xAI, Perplexity and Anthropic tell."""

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
        usage = object_in(body).get("usage")
    return usage if isinstance(usage, dict) else None


def object_in(body: bytes) -> Mapping[str, Any]:
    """A JSON object of an upstream's, as clients themselves would read it. Raises UpstreamBroken
    if it is none."""
    try:
        told = msgspec.json.decode(body)
    except UNREADABLE:
        told = _leniently(body)
    if not isinstance(told, dict):
        raise UpstreamBroken("The upstream's answer is not a JSON object.")
    return told


def _leniently(body: bytes) -> Any:
    try:
        return lenient.read(body)
    except (ValueError, RecursionError):
        return None


def read_usage(usage: UsageFields) -> Usage | None:
    """OpenAI's `usage` object as a Usage, and what others add to it; None without whole counts.

    DeepSeek tells cache hits as `prompt_cache_hit_tokens`, Moonshot as `cached_tokens`. xAI and
    Gemini leave what was thought out of `completion_tokens`, and count it in `total_tokens` alone.
    """
    given, written = _whole(usage.get("prompt_tokens")), _whole(usage.get("completion_tokens") or 0)
    if given is None or written is None:
        return None
    asked, answered = _group(usage, "prompt_tokens"), _group(usage, "completion_tokens")
    thought = _count(answered, "reasoning_tokens")
    untold = _count(usage, "total_tokens") - given - written
    if untold > 0 and (untold == thought or not answered):
        written, thought = written + untold, untold
    if not (given or written):
        # Zeros stand where a server has not counted.
        return None
    return Usage(
        given,
        written,
        _count(asked, "cached_tokens")
        or _count(usage, "prompt_cache_hit_tokens")
        or _count(usage, "cache_read_input_tokens")
        or _count(usage, "cached_tokens"),
        thought,
        _count(asked, "cache_creation_tokens")
        or _count(asked, "cache_write_tokens")
        or _count(usage, "cache_creation_input_tokens"),
        _written_for_an_hour(asked.get("cache_creation_token_details")),
        _count(asked, "audio_tokens"),
        _count(answered, "audio_tokens"),
        _count(asked, "image_tokens"),
        _count(answered, "image_tokens"),
        _charged_beside(usage),
    )


def read_responses_usage(usage: UsageFields) -> Usage | None:
    """The `usage` of OpenAI's responses; None if it holds no whole counts."""
    given, written = _whole(usage.get("input_tokens")), _whole(usage.get("output_tokens"))
    if given is None or written is None or not (given or written):
        return None
    asked, answered = _group(usage, "input_tokens"), _group(usage, "output_tokens")
    return Usage(
        input_tokens=given,
        output_tokens=written,
        cached_input_tokens=_count(asked, "cached_tokens"),
        reasoning_tokens=_count(answered, "reasoning_tokens"),
        cache_write_tokens=_count(asked, "cache_write_tokens"),
        input_audio_tokens=_count(asked, "audio_tokens"),
        output_audio_tokens=_count(answered, "audio_tokens"),
        input_image_tokens=_count(asked, "image_tokens"),
        output_image_tokens=_count(answered, "image_tokens"),
        charged_beside=_charged_beside(usage),
    )


def read_messages_usage(usage: UsageFields) -> Usage | None:
    """The `usage` of Anthropic's messages, which counts cached input beside the rest of it.

    Its own counts leave out what shortening the conversation took, which is told as an iteration
    of type `compaction`, and what another model did, at prices of its own.
    """
    told = _of_messages(usage)
    if told is None or told.is_nothing:
        return None
    iterations = usage.get("iterations")
    for one in iterations if isinstance(iterations, list) else ():
        kind = one.get("type") if isinstance(one, dict) else "message"
        more = _of_messages(one) if kind == "compaction" else None
        if more is not None:
            told = Usage(*(a + b for a, b in zip(astuple(told), astuple(more), strict=True)))
        elif kind != "message":
            told = replace(told, charged_beside=told.charged_beside + 1)
    return told


def _of_messages(usage: UsageFields) -> Usage | None:
    given, written = _whole(usage.get("input_tokens")), _whole(usage.get("output_tokens"))
    if given is None or written is None:
        return None
    read = _count(usage, "cache_read_input_tokens")
    created = _count(usage, "cache_creation_input_tokens")
    return Usage(
        input_tokens=given + read + created,
        output_tokens=written,
        cached_input_tokens=read,
        reasoning_tokens=_count(_group(usage, "output_tokens"), "thinking_tokens"),
        cache_write_tokens=created,
        cache_write_1h_tokens=min(created, _written_for_an_hour(usage.get("cache_creation"))),
        charged_beside=_charged_beside(usage),
    )


def estimated_output_tokens(body: bytes) -> int:
    """About how many tokens a plain answer took to write, where the upstream told no usage."""
    try:
        answer = object_in(body)
    except UpstreamBroken:
        return 0
    return sum(estimated_tokens(text) for text in _texts(answer))


def _group(usage: UsageFields, name: str) -> UsageFields:
    """The details of a count; empty where there are none."""
    details = usage.get(f"{name}_details")
    return details if isinstance(details, dict) else {}


def _count(fields: UsageFields, name: str) -> int:
    """A count, 0 if it is not told."""
    value = fields.get(name)
    return (_whole(value) or 0) if value else 0


def _whole(value: object) -> int | None:
    """A count, None for what cannot be one. Nobody uses less than nothing, and what no answer can
    have used would be booked as more dollars than the log can add up. Some write 7 as 7.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else None


def _charged_beside(usage: UsageFields) -> int:
    """How often something was used that is charged for beside tokens."""
    if _BESIDE.isdisjoint(usage):
        return 0
    tools = usage.get(_TOOLS)
    searched = _count(tools, "web_search_requests") if isinstance(tools, dict) else 0
    return searched + sum(_count(usage, name) for name in _BESIDE)


def _written_for_an_hour(details: object) -> int:
    return _count(details, "ephemeral_1h_input_tokens") if isinstance(details, dict) else 0


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
