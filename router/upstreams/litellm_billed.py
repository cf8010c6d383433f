"""What Cohere bills, for litellm passes on what it counts, which may be a hundred times as much.

Pure. Cohere's answers tell both: `tokens`, with all that it puts around a prompt, and
`billed_units`, which its invoices are made of (docs.cohere.com, chat, v2).
"""

from typing import Any

import msgspec

COHERE = ("cohere", "cohere_chat")
"""litellm's names for it."""


class _Units(msgspec.Struct):
    input_tokens: float = 0
    output_tokens: float = 0


class _Usage(msgspec.Struct):
    billed_units: _Units | None = None


class _Answer(msgspec.Struct):
    usage: _Usage | None = None


_answers = msgspec.json.Decoder(_Answer)


def as_billed(told: dict[str, Any], answer: bytes) -> dict[str, Any]:
    """A chat completion with the tokens that Cohere's own `answer` says are billed, if it does."""
    try:
        usage = _answers.decode(answer).usage
    except msgspec.MsgspecError:
        usage = None
    if usage is None or usage.billed_units is None:
        return told
    given, written = int(usage.billed_units.input_tokens), int(usage.billed_units.output_tokens)
    counts = {
        "prompt_tokens": given,
        "completion_tokens": written,
        "total_tokens": given + written,
    }
    return {**told, "usage": counts}
