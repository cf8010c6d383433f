"""simulated_answer: what a simulated model says to a request, in OpenAI's form.

Pure: the same body always gets the same answer. Nothing of it comes from a model, and it says so.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from router.core.judging import MOST_POINTS, SCORE_FORM
from router.core.tokens import ASCII_CHARACTERS_PER_TOKEN, TOKENS_PER_MESSAGE, estimated_tokens
from router.errors import InvalidRequest
from router.upstreams.json_example import json_example
from router.upstreams.simulated_body import functions

Tool = Mapping[str, Any]

LARGE_FACTOR = 3
"""A large model says more than a small one, as they do."""

_SENTENCES = (
    "It keeps the form of a real answer so that clients and tools can be tried out.",
    "Its length, its delay and its price are set in the catalog.",
    "The same request always gets the same answer.",
    "Connect a model server or set a provider's key to hear from a model.",
    "Nothing was sent to anyone outside this process.",
    "The route it took is told in the response headers.",
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a function, its arguments as JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the `n` answers. `finish_reason` is OpenAI's: stop, length or tool_calls."""

    text: str
    finish_reason: str
    tool_call: ToolCall | None = None

    @property
    def tokens(self) -> int:
        """Output tokens, at least one."""
        said = self.text if self.tool_call is None else self.tool_call.arguments
        return max(estimated_tokens(said), 1)

    def pieces(self) -> Iterator[str]:
        """The text, or the arguments of the tool call, in pieces of about a token."""
        said = self.text if self.tool_call is None else self.tool_call.arguments
        size = max(round(ASCII_CHARACTERS_PER_TOKEN), 1)
        for start in range(0, len(said), size):
            yield said[start : start + size]


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers to one request, and its input in tokens."""

    id: str
    model: str
    input_tokens: int
    choices: tuple[Answer, ...]
    include_usage: bool

    @property
    def usage(self) -> dict[str, int]:
        """OpenAI's `usage` object, by the core's estimate."""
        output = sum(choice.tokens for choice in self.choices)
        return {
            "prompt_tokens": self.input_tokens,
            "completion_tokens": output,
            "total_tokens": self.input_tokens + output,
        }


def answers(body: Mapping[str, Any], model: str) -> Answers:
    """What `model` answers to a chat completion's body, as `simulated_body.chat` has read it.

    Raises InvalidRequest for a schema that nothing can be made of.
    """
    count = body.get("n") or 1
    seed = hashlib.sha256(msgspec.json.encode(body, order="sorted")).hexdigest()
    return Answers(
        id=f"chatcmpl-simulated-{seed[:24]}",
        model=model,
        input_tokens=_input_tokens(body),
        choices=tuple(_answer(body, model, f"{seed}-{i}") for i in range(count)),
        include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
    )


def _answer(body: Mapping[str, Any], model: str, seed: str) -> Answer:
    dice = random.Random(seed)  # seeded by the body: not for secrets
    tool = _wanted_tool(body)
    if tool is not None:
        at = next(i for i, it in enumerate(body["tools"]) if it.get("function") is tool)
        example = _example(tool.get("parameters"), f"tools[{at}].function.parameters")
        arguments = msgspec.json.encode(example).decode()
        call_id = f"call_{dice.getrandbits(96):024x}"
        return Answer("", "tool_calls", ToolCall(call_id, str(tool["name"]), arguments))
    form = body.get("response_format") or {}
    structured = form.get("type", "text") != "text"
    text = _structured(form, dice) if structured else _prose(model, dice)
    return _bounded(text, body)


def _prose(model: str, dice: random.Random) -> str:
    count = dice.randint(1, 2) * (LARGE_FACTOR if "large" in model else 1)
    said = dice.sample(_SENTENCES, min(count, len(_SENTENCES)))
    return " ".join((f"This is a simulated answer by {model}; no model was asked.", *said))


def _structured(form: Mapping[str, Any], dice: random.Random) -> str:
    value: Any
    if form["type"] == "json_schema" and form["json_schema"].get("name") == SCORE_FORM:
        # As a judge it is of one mind with most: rather well, as a rule. All of it is made up.
        value = {"score": dice.randint(MOST_POINTS // 2, MOST_POINTS)}
    elif form["type"] == "json_schema":
        value = _example(form["json_schema"].get("schema"), "response_format.json_schema.schema")
    else:
        value = {"simulated": True, "answer": "This is a simulated answer; no model was asked."}
    return msgspec.json.encode(value).decode()


def _example(schema: object, param: str) -> Any:
    try:
        return json_example(schema)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        told = "Expected a JSON Schema: the simulated model can make no value of this one."
        raise InvalidRequest(told, param) from None


def _bounded(text: str, body: Mapping[str, Any]) -> Answer:
    stops = body.get("stop") or ()
    for stop in (stops,) if isinstance(stops, str) else stops:
        text = text.split(stop)[0] if stop else text
    most = body.get("max_completion_tokens") or body.get("max_tokens")
    if most is None or estimated_tokens(text) <= most:
        return Answer(text, "stop")
    return Answer(text[: int(most * ASCII_CHARACTERS_PER_TOKEN)], "length")


def _wanted_tool(body: Mapping[str, Any]) -> Tool | None:
    """The function to call: the one forced, else one whose name the last user message speaks of."""
    tools: list[Tool] = functions(body)
    choice = body.get("tool_choice")
    if not tools or choice == "none":
        return None
    if isinstance(choice, Mapping) and choice.get("type", "function") == "function":
        return next(tool for tool in tools if tool["name"] == choice["function"]["name"])
    if choice == "required":
        return tools[0]
    last = body["messages"][-1]
    words = set(_text(last).lower().split()) if last.get("role") == "user" else set()
    words = {word.strip(".,;:!?\"'()") for word in words}
    return next((tool for tool in tools if words & _words_of(tool["name"])), None)


def _words_of(name: str) -> set[str]:
    words = name.lower().replace("-", "_").split("_")
    return {name.lower(), *(word for word in words if len(word) > 3)}


def _input_tokens(body: Mapping[str, Any]) -> int:
    tools = body.get("tools")
    said = sum(estimated_tokens(_text(message)) for message in body["messages"])
    described = estimated_tokens(msgspec.json.encode(tools).decode()) if tools else 0
    return said + described + TOKENS_PER_MESSAGE * len(body["messages"])


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text") or "") for part in content)
