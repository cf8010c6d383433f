"""A legacy completion's body: bytes through to upstreams that speak completions.

To those that speak chat completions alone a single text goes as the user's message; what has no
place there (several prompts, token numbers, a suffix, an echo, log probabilities) is refused.
"""

from collections.abc import Collection

from router.answer import told_by_chat
from router.core.catalog import Endpoint
from router.core.limits import Limits
from router.core.request import RoutedRequest
from router.dialects import completions_chat
from router.dialects.attached import texts
from router.dialects.chat_body import with_usage_asked
from router.dialects.fields import ANY, FLAG, OBJECT, Fields
from router.dialects.identity import Identified
from router.dialects.prompt_input import turns_of
from router.ports import Way
from router.stream import StreamReader

_NATIVE_ONLY = ("suffix", "echo", "logprobs", "best_of")


class CompletionsBody(Identified):
    """One request body. Raises InvalidRequest naming the field at fault."""

    def __init__(self, content: bytes) -> None:
        self._fields = Fields(content)
        self._prompt = self._fields.get("prompt", ANY)
        self._turns = turns_of(self._prompt, "prompt")
        self._stream = self._fields.get("stream", FLAG) or False
        options = self._fields.get("stream_options", OBJECT) or {}
        self._usage_asked = options.get("include_usage") is True
        self._answers = (self._fields.count("n") or 1) * len(self._turns)

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts of the request. Every prompt is an input of its own."""
        fields, bound_by = self._fields, self._bound_by()
        # All of `best_of` are written and paid for, whatever is sent back.
        written = max(self._answers, (fields.count("best_of") or 1) * len(self._turns))
        return RoutedRequest(
            model=fields.model(),
            turns=self._turns,
            stream=self._stream,
            max_output_tokens=fields.count("max_tokens"),
            answers=written,
            attached="\n".join(texts(fields.beside(("model", "prompt")))),
            limits=limits,
            counts=fields.counts(("n", "best_of", "max_tokens")),
            endpoints=("completions",) if bound_by else ("completions", "chat"),
            bound_by=bound_by,
            separate=True,
        )

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """As bytes where completions are spoken, else by way of a chat completion."""
        if "completions" not in speaks:
            return completions_chat.way(self._fields, self._usage_asked, self._answers)
        withheld = self._stream and not self._usage_asked
        return Way(
            path="/completions",
            body=lambda model: with_usage_asked(self._fields, model, withheld),
            answer=told_by_chat,
            events=lambda: StreamReader(withheld, self._answers),
        )

    def _bound_by(self) -> str | None:
        """The field that only an upstream with this very endpoint can serve."""
        if not isinstance(self._prompt, str) and (len(self._turns) > 1 or self._turns[0].tokens):
            return "prompt"
        asked = (name for name in _NATIVE_ONLY if _asks(name, self._fields.get(name, ANY)))
        return next(asked, None)


def _asks(name: str, value: object) -> bool:
    """Whether a field asks for anything: the best of one is that one, and 0 more tokens likely at
    each place still leave the probability of the token that stands there."""
    if name == "logprobs":
        return value is not None and value is not False
    return bool(value) and not (name == "best_of" and value == 1)
