"""OpenAI's responses as a chat completion's body. Pure; InvalidRequest names what has no place.

Left out, for they change no word of the answer: reasoning of earlier turns, and what only says how
much of an answer is told again (`include` of encrypted reasoning, obfuscation).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from router.dialects.translation import Fields, Renames, refuse, renamed

SAME: Renames = {
    "max_output_tokens": "max_tokens",
    **{
        name: name
        for name in (
            "temperature",
            "top_p",
            "parallel_tool_calls",
            "user",
            "safety_identifier",
            "prompt_cache_key",
            "service_tier",
            "stream",
        )
    },
}
HANDLED = frozenset({"model", "input", "instructions", "tools", "tool_choice", "text", "reasoning"})
HARMLESS: Mapping[str, Callable[[Any], bool]] = {
    "store": lambda it: it is False,
    "background": lambda it: it is False,
    "truncation": lambda it: it == "disabled",
    "top_logprobs": lambda it: it == 0,
    "include": lambda it: it in ([], ["reasoning.encrypted_content"]),
    "metadata": lambda it: True,
    "stream_options": lambda it: True,
    "prompt_cache_retention": lambda it: True,
}
"""Fields without a counterpart, and when they ask for nothing that would be missed."""

STATE = frozenset({"previous_response_id", "conversation", "prompt", "store"})
NOTHING_KEPT = (
    "No upstream that may serve this request keeps anything between requests: send the whole"
    " conversation as input, with store false."
)
NO_PLACE = "This has no place in a chat completion."
PARTS = {"input_text": "text", "output_text": "text", "text": "text", "refusal": "refusal"}


def to_chat(given: Mapping[str, Any]) -> Fields:
    """The body, without the model's name. Raises InvalidRequest naming the first such field."""
    for name, value in given.items():
        known = name in SAME or name in HANDLED
        if not known and not HARMLESS.get(name, lambda it: False)(value):
            refuse(name, NOTHING_KEPT if name in STATE else NO_PLACE)
    sent = renamed(given, SAME)
    sent["messages"] = [*_instructions(given), *_messages(given["input"])]
    if given.get("tools"):
        sent["tools"] = [_tool(tool, f"tools[{at}]") for at, tool in enumerate(given["tools"])]
    if "tool_choice" in given:
        sent["tool_choice"] = _tool_choice(given["tool_choice"])
    sent |= _text(given.get("text") or {}) | _reasoning(given.get("reasoning") or {})
    if sent.get("stream"):
        sent["stream_options"] = {"include_usage": True}
    return sent


def _instructions(given: Mapping[str, Any]) -> Iterator[Fields]:
    if "instructions" in given:
        if not isinstance(given["instructions"], str):
            refuse("instructions", "Expected a text.")
        yield {"role": "system", "content": given["instructions"]}


def _messages(given: Any) -> list[Fields]:
    """The items as messages; calls belong to the assistant's message before them."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    told: list[Fields] = []
    for index, item in enumerate(given):
        kind = item.get("type", "message")
        if kind == "function_call":
            if not told or told[-1]["role"] != "assistant":
                told.append({"role": "assistant", "content": None})
            told[-1].setdefault("tool_calls", []).append(_call(item))
        elif kind in _ITEMS:
            told.append(_ITEMS[kind](item, f"input[{index}]"))
        elif kind != "reasoning":
            refuse(f"input[{index}]", f"{kind} has no place in a chat completion.")
    return told


def _call(item: Mapping[str, Any]) -> Fields:
    function = {"name": item["name"], "arguments": item["arguments"]}
    return {"id": item["call_id"], "type": "function", "function": function}


def _message(item: Mapping[str, Any], param: str) -> Fields:
    content = item["content"]
    if not isinstance(content, str):
        content = [_part(part, f"{param}.content[{at}]") for at, part in enumerate(content)]
    return {"role": item["role"], "content": content}


def _part(part: Mapping[str, Any], param: str) -> Fields:
    kind = part.get("type")
    if kind in PARTS:
        return {"type": PARTS[kind], PARTS[kind]: part[PARTS[kind]]}
    if kind == "input_image" and part.get("image_url"):
        detail = {"detail": part["detail"]} if part.get("detail") else {}
        return {"type": "image_url", "image_url": {"url": part["image_url"], **detail}}
    if kind == "input_file" and part.get("file_data"):
        return {"type": "file", "file": renamed(part, {n: n for n in ("filename", "file_data")})}
    if kind == "input_audio":
        return {"type": "input_audio", "input_audio": part["input_audio"]}
    return refuse(param, f"This {kind} has no place in a chat completion.")


def _output(item: Mapping[str, Any], param: str) -> Fields:
    output = item["output"]
    if not isinstance(output, str):
        if not all(part.get("type") in PARTS for part in output):
            refuse(f"{param}.output", "Only text has a place here in a chat completion.")
        output = [_part(part, param) for part in output]
    return {"role": "tool", "tool_call_id": item["call_id"], "content": output}


_ITEMS: Mapping[str, Callable[[Mapping[str, Any], str], Fields]] = {
    "message": _message,
    "function_call_output": _output,
}


def _tool(tool: Mapping[str, Any], param: str) -> Fields:
    if tool.get("type") != "function":
        refuse(param, f"{tool.get('type')} has no place in a chat completion.")
    names = ("name", "description", "parameters", "strict")
    given = {name: value for name, value in tool.items() if value is not None}
    return {"type": "function", "function": renamed(given, {name: name for name in names})}


def _tool_choice(choice: Any) -> Any:
    if choice in ("auto", "none", "required"):
        return choice
    if isinstance(choice, dict) and choice.get("type") == "function":
        return {"type": "function", "function": {"name": choice["name"]}}
    return refuse("tool_choice", NO_PLACE)


def _text(config: Mapping[str, Any]) -> Fields:
    sent = renamed(config, {"verbosity": "verbosity"})
    form = config.get("format") or {"type": "text"}
    if form["type"] == "json_schema":
        names = ("name", "description", "schema", "strict")
        given = {name: value for name, value in form.items() if value is not None}
        schema = renamed(given, {name: name for name in names})
        sent["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif form["type"] == "json_object":
        sent["response_format"] = {"type": "json_object"}
    elif form["type"] != "text":
        refuse("text.format", NO_PLACE)
    return {name: value for name, value in sent.items() if value is not None}


def _reasoning(config: Mapping[str, Any]) -> Fields:
    for name, value in config.items():
        # A summary is given where there is one; whoever leaves that open misses nothing.
        wanted = value is not None and (name, value) != ("summary", "auto")
        if name != "effort" and wanted:
            refuse(f"reasoning.{name}", NO_PLACE)
    return {"reasoning_effort": config["effort"]} if config.get("effort") else {}
