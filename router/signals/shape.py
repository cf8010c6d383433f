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

from pydantic import BaseModel, ConfigDict

from router.core.request import RoutedRequest
from router.core.signals import Signals, SignalSpec, Vocabulary


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
# Operators and relations, double-struck letters, squares and cubes, plus-minus.
_SYMBOLS = "\u2200-\u22ff\u2102\u2115\u211a\u211d\u2124\u00b2\u00b3\u00b1"
# What each kind of formula cannot be without, and the kind: looking for one character costs next to
# nothing, and most texts have none of these.
_MATHS = {
    "\\": re.compile(
        r"\\(?:frac|d?frac|sqrt|sum|int|prod|lim|begin\{|left|right|cdot|times|leq?|geq?|neq|infty"
        r"|alpha|beta|theta|pi|mathbb|mathbf|mathcal|overline|binom|in\b|text\{|\(|\[)"
    ),
    "$": re.compile(r"\$[^$\n]{0,80}(?:[\\^_=<>+*/]|[a-zA-Z]\$)[^$\n]{0,80}\$|\$\$"),
    "^": re.compile(r"(?<![\w/])[a-zA-Z]\w?\^(?:\{|\(|-?\w)|\d\^\{?\w"),
    "=": re.compile(
        r"(?<![\w.])\d*[xyzn] ?[-+*/] ?\d*(?:\.\d+)?[\wxyz]? ?= ?-?\w"
        r"|(?<![\w.])[fghyPE]\(\w(?:[,|] ?\w)?\) ?= ?\S"
        r"|\b\d+(?:\.\d+)? ?[-+*/\u00d7\u00f7] ?\(?\d+(?:\.\d+)? ?="
    ),
    "(": re.compile(r"\b(?:sin|cos|tan|log|ln|exp|sqrt)\(\w"),
}
_MATHS_SYMBOL = re.compile(f"[{_SYMBOLS}]")
# A mark counts at the end of a word, so that the "?" of an address does not; runs count once.
# Beside the Latin mark: Arabic, Greek, Chinese and Japanese, Armenian.
_ENDS_WORD = "(?=[\\s\"'\u201d\u2019\u00bb)\\]*_]|$)"
_QUESTION = re.compile(f"[?\u061f\u037e][?!]*{_ENDS_WORD}|\uff1f+|\u055e")
_ASCII_QUESTION = re.compile(rf"\?[?!]*{_ENDS_WORD}")


def vocabulary(options: ShapeOptions) -> Vocabulary:
    """The names yielded, whatever the options."""
    return VOCABULARY


def has_code(text: str) -> bool:
    """Whether a text holds a fenced block or is evidently program code."""
    start = 0
    while start < len(text):
        if _CODE_LINE.match(text, start) is not None:
            return True
        start = text.find("\n", start) + 1 or len(text)
    return _may_hold_code(text) and _CODE_ANYWHERE.search(text) is not None


def _may_hold_code(text: str) -> bool:
    """False where `_CODE_ANYWHERE` can find nothing: each of its constructs has one of these."""
    return (
        ("(" in text and ("()" in text or "print" in text or "console." in text))
        or "self." in text
        or "System." in text
        or "SELECT" in text
        or "INSERT INTO" in text
        or "CREATE TABLE" in text
    )


def has_maths(text: str) -> bool:
    """Whether a text holds LaTeX, an equation or mathematical symbols."""
    for mark, formula in _MATHS.items():
        if mark in text and formula.search(text) is not None:
            return True
    return not text.isascii() and _MATHS_SYMBOL.search(text) is not None


def questions(text: str) -> int:
    """How many questions a text asks, by its question marks."""
    if not text.isascii():
        return len(_QUESTION.findall(text))
    return len(_ASCII_QUESTION.findall(text)) if "?" in text else 0


class ShapeSignal:
    """Yields what the request is made of."""

    def __init__(self, options: ShapeOptions) -> None:
        self._options = options

    async def extract(self, request: RoutedRequest) -> Signals:
        """The shape."""
        return self.at_once(request)

    def at_once(self, request: RoutedRequest) -> Signals:
        """The shape. The focus is bounded in length, and so is the work."""
        content, focus = request.content, request.focus
        roles = [turn.role for turn in request.turns]
        return {
            "turns": roles.count("user"),
            "messages": len(roles),
            "has_system": "system" in roles or "developer" in roles,
            "tool_loop": bool(roles) and roles[-1] in ("tool", "function"),
            "images": content.images,
            "has_images": content.images > 0,
            "has_audio": content.audio > 0,
            "has_files": content.files > 0,
            "tools": request.tools,
            "has_tools": request.tools > 0,
            "json_schema": request.json_schema,
            "json_object": request.json_object,
            "stream": request.stream,
            "code": has_code(focus),
            "maths": has_maths(focus),
            "questions": questions(focus),
        }
