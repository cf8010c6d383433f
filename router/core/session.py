"""Session: what is known of the conversation that a request goes on with, and how a policy sticks.

Providers keep a prompt that they have read for some minutes, and charge less for what a later one
has in common with its beginning. Whoever changes the model in mid-conversation loses that.
"""

from typing import Annotated, Literal

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from router.core.units import Duration

Stick = Literal["off", "tool_loops", "cost", "always"]

CACHE_LIFETIME_S = 300.0
FEWEST_CACHED_TOKENS = 1_024


class Held(Struct, frozen=True):
    """What the last answer of a conversation left behind, as it stands at the next request.

    `model` gave it, `idle_s` seconds ago. `tokens` is how much of the conversation its provider is
    thought to have cached: 0 if it caches nothing. `draw` is the chance that the conversation was
    given at its start: it keeps its arm of an exploration.
    """

    model: str
    tokens: int = 0
    idle_s: float = 0.0
    draw: float | None = None


ANSWER, CONVERSATION, THREAD = "previous_response_id", "conversation", "thread"
"""The fields by which OpenAI's responses, and Anthropic's messages, go on with what is kept."""


class State(Struct, frozen=True):
    """What an upstream keeps, and a request goes on with: an answer or a conversation of OpenAI's,
    or an answer in a thread of Anthropic's.

    The caller names it by an `id` in the `field` of its body. `owner` is the name of the caller's
    API key: what two callers name alike is not the same.
    """

    field: str
    id: str
    owner: str = ""

    @property
    def name(self) -> str:
        """What it is remembered by."""
        return f"{self.field} {len(self.owner)} {self.owner} {self.id}"


class Sessions(BaseModel):
    """How much a conversation sticks to its model.

    `off`: not at all, unless an upstream keeps what was said. `tool_loops`: what answers a
    model's tool calls goes to that model. `cost`: that, and a change at any other turn is charged
    the prompt cache that it loses. `always`: the model stays while it may and can serve, whatever
    rule holds. `cache_lifetime` is how long a provider keeps a prompt after it was last read, in
    seconds; `min_cached_tokens` the shortest that it keeps at all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    stick: Stick = "cost"
    cache_lifetime: Duration = CACHE_LIFETIME_S
    min_cached_tokens: Annotated[int, Field(ge=0)] = FEWEST_CACHED_TOKENS
