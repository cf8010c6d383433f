"""What the request is made of.

`turns` (number): how often the user spoke; `messages` (number): messages of any role.
`has_system` (flag): a system or developer message is there.
`tools` (number), `has_tools` (flag): tool definitions offered to the model.
`tool_loop` (flag): the conversation ends with a tool's result, so an agent is midway.
`images` (number), `has_images`, `has_audio`, `has_files` (flags): what comes with the text.
`json_schema`, `json_object` (flags): the form of answer asked for. `stream` (flag).
`code`, `maths` (flags), `questions` (number): read from what is routed on, which is the last user
    turn with its context. `code` is a fenced block or text that is evidently program code, `maths`
    is LaTeX, an equation or mathematical symbols. Both are told by their form, not by their
    subject: "write a sorting function" shows no code; the learned `task` is for that.

    rules:
      - name: agents
        when: {any: [{signal: tool_loop, is: true}, {signal: has_tools, is: true}]}
        ...

This kind has no options.
"""

import re
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from router.core.request import RoutedRequest
from router.core.signals import Signals, SignalSpec, SignalValue, Vocabulary


class ShapeOptions(BaseModel):
    """No options."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


VOCABULARY: Vocabulary = {
    "turns": SignalSpec("number", "how often the user spoke", low=0),
    "messages": SignalSpec("number", "messages of any role", low=0),
    "has_system": SignalSpec("flag", "a system or developer message is there"),
    "tools": SignalSpec("number", "tool definitions offered to the model", low=0),
    "has_tools": SignalSpec("flag", "tool definitions are offered to the model"),
    "tool_loop": SignalSpec("flag", "the conversation ends with a tool's result"),
    "images": SignalSpec("number", "images in the conversation", low=0),
    "has_images": SignalSpec("flag", "the conversation carries images"),
    "has_audio": SignalSpec("flag", "the conversation carries audio"),
    "has_files": SignalSpec("flag", "the conversation carries files"),
    "json_schema": SignalSpec("flag", "an answer that fits a JSON schema is asked for"),
    "json_object": SignalSpec("flag", "an answer that is a JSON object is asked for"),
    "stream": SignalSpec("flag", "a streamed answer is asked for"),
    "code": SignalSpec("flag", "what is routed on holds program code"),
    "maths": SignalSpec("flag", "what is routed on holds formulas"),
    "questions": SignalSpec("number", "questions asked in what is routed on", low=0),
}

# Constructs of programming languages that prose does not hold. Every repeat is bounded or over one
# class of characters, so that matching takes linear time.
_CODE_LINE = re.compile(
    r"[ \t]{0,40}(?:```|~~~"
    r"|(?:async )?def \w{1,60}\(.{0,200}\)|class \w{1,60}(?:\(\w{0,60}\))?:$|@\w[\w.]{0,60}(?:\(|$)"
    r"|from [\w.]{1,60} import \w|import [\w.]{1,60}(?: as \w{1,60})?;?$|#include\s?[<\"]"
    r"|package \w+;"
    r"|(?:public|private|protected|static) [\w<>\[\] ]{1,80}[({;]"
    r"|(?:const|let|var) \w{1,60}(?:: ?\w{1,60})? ?= ?\S|fn \w{1,60}[(<]|func \w{0,60}\("
    r"|function \w{0,60}\(|return [^.\n]{1,80};$|\} ?else ?\{|(?:if|for|while) ?\(.{1,120}\) ?\{$"
    r"|for \w{1,30}(?:, ?\w{1,30})? in .{1,80}:$|(?:if|elif|while) .{1,80}:$\n[ \t]"
    r"|try:$|except[ :]|>>> |\$ (?:sudo|pip|npm|git|docker|cd|ls) "
    r"|<\?php|<!DOCTYPE|</?(?:html|div|span|script|table|body|head)[ >]"
    r"|Traceback \(most recent call last\)"
    r")",
    re.MULTILINE,
)
_CODE_ANYWHERE = re.compile(
    r"\bSELECT\b.{1,300}\bFROM\b\s+\w|\bINSERT INTO\b|\bCREATE TABLE\b"
    r"|\bconsole\.log\(|\bSystem\.out\.print|\bprintf?\([\"'f]|\bself\.\w|\w\(\) ?[{;]"
)
_CODE_MARKS = ("SELECT", "INSERT INTO", "CREATE TABLE", "console.", "System.", "print", "self.")
# Operators and relations, double-struck letters, squares and cubes, plus-minus.
_SYMBOLS = "\u2200-\u22ff\u2102\u2115\u211a\u211d\u2124\u00b2\u00b3\u00b1"
_MATHS = re.compile(
    r"\\(?:frac|d?frac|sqrt|sum|int|prod|lim|begin\{|left|right|cdot|times|leq?|geq?|neq|infty|alpha"
    r"|beta|theta|pi|mathbb|mathbf|mathcal|overline|binom|in\b|text\{|\(|\[)"
    r"|\$[^$\n]{0,80}(?:[\\^_=<>+*/]|[a-zA-Z]\$)[^$\n]{0,80}\$|\$\$"
    rf"|[{_SYMBOLS}]"
    r"|(?<![\w/])[a-zA-Z]\w?\^(?:\{|\(|-?\w)|\d\^\{?\w"
    r"|(?<![\w.])\d*[xyzn] ?[-+*/] ?\d*(?:\.\d+)?[\wxyz]? ?= ?-?\w"
    r"|(?<![\w.])[fghyPE]\(\w(?:[,|] ?\w)?\) ?= ?\S|\b(?:sin|cos|tan|log|ln|exp|sqrt)\(\w"
    r"|\b\d+(?:\.\d+)? ?[-+*/\u00d7\u00f7] ?\(?\d+(?:\.\d+)? ?="
)
# Whatever `_MATHS` finds holds one of these: cheap looks that spare most texts the dear search.
_ASCII_MARK = re.compile(r"[\\$^=]|(?:n|s|g|p|t)\(\w")
_MATHS_SYMBOL = re.compile(f"[{_SYMBOLS}]")
# A mark counts at the end of a word, so that the "?" of an address does not; runs count once.
# Beside the Latin mark: Arabic, Greek, Chinese and Japanese, Armenian.
_QUESTION = re.compile(
    "[?\u061f\u037e][?!]*(?=[\\s\"'\u201d\u2019\u00bb)\\]*_]|$)|\uff1f+|\u055e",
)


def vocabulary(options: ShapeOptions) -> Vocabulary:
    """The names yielded, whatever the options."""
    return VOCABULARY


def has_code(text: str) -> bool:
    """Whether a text holds a fenced block or is evidently program code."""
    if any(_CODE_LINE.match(text, start) for start in _line_starts(text)):
        return True
    marked = "()" in text or any(mark in text for mark in _CODE_MARKS)
    return marked and _CODE_ANYWHERE.search(text) is not None


def has_maths(text: str) -> bool:
    """Whether a text holds LaTeX, an equation or mathematical symbols."""
    if _ASCII_MARK.search(text) is None and (text.isascii() or _MATHS_SYMBOL.search(text) is None):
        return False
    return _MATHS.search(text) is not None


def questions(text: str) -> int:
    """How many questions a text asks, by its question marks."""
    return sum(1 for _ in _QUESTION.finditer(text))


def _line_starts(text: str) -> Iterator[int]:
    start = 0
    while 0 <= start < len(text):
        yield start
        start = text.find("\n", start) + 1 or -1


class ShapeSignal:
    """Yields what the request is made of."""

    def __init__(self, options: ShapeOptions) -> None:
        self._options = options

    async def extract(self, request: RoutedRequest) -> Signals:
        """The shape."""
        return self.at_once(request)

    def at_once(self, request: RoutedRequest) -> Signals:
        """The shape. The focus is bounded in length, and so is the work."""
        return {**_counted(request), **_asked_for(request), **_read(request.focus)}


def _counted(request: RoutedRequest) -> dict[str, SignalValue]:
    turns = request.turns
    return {
        "turns": sum(turn.role == "user" for turn in turns),
        "messages": len(turns),
        "has_system": any(turn.role in ("system", "developer") for turn in turns),
        "tool_loop": bool(turns) and turns[-1].role in ("tool", "function"),
        "images": request.images,
        "has_images": request.images > 0,
        "has_audio": any(turn.audio for turn in turns),
        "has_files": any(turn.files for turn in turns),
    }


def _asked_for(request: RoutedRequest) -> dict[str, SignalValue]:
    return {
        "tools": request.tools,
        "has_tools": request.tools > 0,
        "json_schema": request.json_schema,
        "json_object": request.json_object,
        "stream": request.stream,
    }


def _read(focus: str) -> dict[str, SignalValue]:
    return {"code": has_code(focus), "maths": has_maths(focus), "questions": questions(focus)}
