"""Anthropic's messages as a chat completion's body. Pure; InvalidRequest names what has no place.

Left out, for they change no word of the answer: `cache_control`, and the thoughts of earlier turns,
which Anthropic leaves out itself.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from router.dialects.translation import Fields, Renames, refuse, renamed

SAME: Renames = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop_sequences": "stop",
    "stream": "stream",
}
HANDLED = frozenset({"model", "messages", "system", "tools", "tool_choice", "metadata"})
HARMLESS: Mapping[str, Callable[[Any], bool]] = {
    "thinking": lambda it: it == {"type": "disabled"},
    "service_tier": lambda it: it == "auto",
    "cache_control": lambda it: True,
    "speed": lambda it: it == "standard",
}
"""Fields without a counterpart, and when they ask for nothing that would be missed."""

TOOL_FIELDS: Renames = {
    "name": "name",
    "description": "description",
    "strict": "strict",
    "input_schema": "parameters",
}
TOOL_HINTS = ("type", "cache_control", "eager_input_streaming")
TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
THOUGHTS = ("thinking", "redacted_thinking")


def to_chat(given: Mapping[str, Any]) -> Fields:
    """The body, without the model's name. Raises InvalidRequest naming the first such field."""
    for name, value in given.items():
        known = name in SAME or name in HANDLED or name in ("output_config", "output_format")
        if not known and not HARMLESS.get(name, lambda it: False)(value):
            refuse(name, "This has no place in a chat completion.")
    sent = renamed(given, SAME)
    sent["messages"] = [*_system(given.get("system")), *_messages(given["messages"])]
    if given.get("tools"):
        sent["tools"] = [_tool(tool, f"tools[{at}]") for at, tool in enumerate(given["tools"])]
    sent |= _tool_choice(given.get("tool_choice"))
    sent |= _output(given.get("output_config") or {"format": given.get("output_format")})
    user = (given.get("metadata") or {}).get("user_id")
    if user:
        sent["user"] = user
    if sent.get("stream"):
        sent["stream_options"] = {"include_usage": True}
    return sent


def _system(system: Any) -> Iterator[Fields]:
    if isinstance(system, str):
        yield {"role": "system", "content": system}
    elif system:
        texts = [_text(block, f"system[{at}]") for at, block in enumerate(system)]
        yield {"role": "system", "content": texts}


def _messages(messages: list[Any]) -> Iterator[Fields]:
    for index, it in enumerate(messages):
        param = f"messages[{index}]"
        if it["role"] == "assistant":
            if index == len(messages) - 1:
                refuse(
                    f"{param}.role", "An answer that is begun has no place in a chat completion."
                )
            yield _assistant(it["content"], f"{param}.content")
        elif it["role"] == "user":
            yield from _user(it["content"], f"{param}.content")
        else:
            yield {"role": it["role"], "content": _parts(it["content"], f"{param}.content")}


def _user(content: Any, param: str) -> Iterator[Fields]:
    """The results of tools are messages of their own, which come before what the user says."""
    if isinstance(content, str):
        yield {"role": "user", "content": content}
        return
    rest = []
    for at, block in enumerate(content):
        if block["type"] == "tool_result":
            yield _result(block, f"{param}[{at}]")
        else:
            rest.append(_part(block, f"{param}[{at}]"))
    if rest:
        yield {"role": "user", "content": rest}


def _result(block: Mapping[str, Any], param: str) -> Fields:
    content = block.get("content") or ""
    if not isinstance(content, str):
        parts = [_text(part, f"{param}.content[{at}]") for at, part in enumerate(content)]
        content = "\n".join(part["text"] for part in parts)
    if block.get("is_error"):
        content = f"Error: {content}"  # a chat completion has no other place for it
    return {"role": "tool", "tool_call_id": block.get("tool_use_id"), "content": content}


def _assistant(content: Any, param: str) -> Fields:
    if isinstance(content, str):
        return {"role": "assistant", "content": content}
    said, calls = [], []
    for at, block in enumerate(content):
        if block["type"] == "tool_use":
            arguments = msgspec.json.encode(block.get("input") or {}).decode()
            function = {"name": block.get("name"), "arguments": arguments}
            calls.append({"id": block.get("id"), "type": "function", "function": function})
        elif block["type"] not in THOUGHTS:
            said.append(_text(block, f"{param}[{at}]")["text"])
    told: Fields = {"role": "assistant", "content": "\n".join(said) if said else None}
    return {**told, "tool_calls": calls} if calls else told


def _parts(content: Any, param: str) -> Any:
    if isinstance(content, str):
        return content
    return [_part(block, f"{param}[{at}]") for at, block in enumerate(content)]


def _part(block: Mapping[str, Any], param: str) -> Fields:
    kind = block["type"]
    if kind == "image":
        return {"type": "image_url", "image_url": {"url": _address(block, param)}}
    if kind == "document":
        return _document(block, param)
    return _text(block, param)


def _text(block: Mapping[str, Any], param: str) -> Fields:
    if block.get("type") != "text" or not isinstance(block.get("text"), str):
        refuse(param, f"{block.get('type')} has no place here in a chat completion.")
    return {"type": "text", "text": block["text"]}


def _address(block: Mapping[str, Any], param: str) -> str:
    match block.get("source"):
        case {"type": "base64", "media_type": str(kind), "data": str(data)}:
            return f"data:{kind};base64,{data}"
        case {"type": "url", "url": str(url)}:
            return url
    return refuse(f"{param}.source", "Expected a base64 or url source.")


def _document(block: Mapping[str, Any], param: str) -> Fields:
    if (block.get("citations") or {}).get("enabled"):
        refuse(f"{param}.citations", "Citations have no place in a chat completion.")
    match block.get("source"):
        case {"type": "text", "data": str(text)}:
            # The model is shown these too.
            above = [block[name] for name in ("title", "context") if block.get(name)]
            return {"type": "text", "text": "\n\n".join((*above, text))}
        case {"type": "base64", "media_type": str(kind), "data": str(data)}:
            if block.get("context"):
                refuse(f"{param}.context", "This has no place in a chat completion.")
            name = block.get("title") or "document.pdf"
            file = {"filename": name, "file_data": f"data:{kind};base64,{data}"}
            return {"type": "file", "file": file}
    return refuse(f"{param}.source", "This source has no place in a chat completion.")


def _tool(tool: Any, param: str) -> Fields:
    if not isinstance(tool, dict) or tool.get("type", "custom") not in ("custom", None):
        refuse(param, "A tool that the provider runs has no place in a chat completion.")
    for name, value in tool.items():
        if value and name not in TOOL_FIELDS and name not in TOOL_HINTS:
            refuse(f"{param}.{name}", "This has no place in a chat completion.")
    function = renamed(tool, TOOL_FIELDS)
    return {"type": "function", "function": function}


def _tool_choice(choice: Any) -> Fields:
    if choice is None:
        return {}
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind == "tool":
        told: Any = {"type": "function", "function": {"name": choice.get("name")}}
    else:
        told = TOOL_CHOICES.get(str(kind))
    if told is None:
        refuse("tool_choice", "Expected auto, any, none or tool.")
    alone = choice.get("disable_parallel_tool_use")
    return {"tool_choice": told} | ({"parallel_tool_calls": False} if alone else {})


def _output(config: Any) -> Fields:
    sent: Fields = {}
    for name, value in config.items():
        if name == "effort" and value is not None:
            sent["reasoning_effort"] = value
        elif name == "format" and value is not None:
            sent["response_format"] = _format(value)
        elif value is not None:
            refuse(f"output_config.{name}", "This has no place in a chat completion.")
    return sent


def _format(form: Any) -> Fields:
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        refuse("output_config.format", "Expected json_schema.")
    schema = {"name": "answer", "schema": form.get("schema"), "strict": True}
    return {"type": "json_schema", "json_schema": schema}
