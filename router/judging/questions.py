"""Questions: the calls that a review may make, made ready.

Rule: a shadow is asked what the caller asked, in the same words, and only where an answer is all
that comes of it: tools that a provider runs itself would be run twice.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from router.answer import told_by_chat
from router.core.catalog import Endpoint
from router.core.cost import Usage, baseline_cost
from router.core.event import RoutingEvent
from router.core.judging import Judging, Lot
from router.core.request import RoutedRequest, Turn
from router.dialects.translation import with_model
from router.gateway import Call, PolicyInForce, Routed
from router.judging.asking import Question
from router.judging.rubric import MOST_OUTPUT_TOKENS, Section, prompt_for
from router.ports import Way
from router.recording import Trace
from router.stream import StreamReader

_CHAT: tuple[Endpoint, ...] = ("chat",)
_HARMLESS = frozenset({"function", "custom"})
"""Types of tools that whoever asked runs, or does not."""


class Drawn(msgspec.Struct, frozen=True):
    """An answer that its caller has and that is to be judged, as the policy of its time has it."""

    trace: Trace
    event: RoutingEvent
    lot: Lot
    judging: Judging

    @property
    def routed(self) -> Routed:
        """The request as it was decided."""
        return self.trace.routed

    @property
    def in_force(self) -> PolicyInForce:
        """The policy of its time, with its catalog and its upstreams."""
        return self.trace.routed.in_force


def judge_question(drawn: Drawn, sections: Sequence[Section]) -> Question:
    """What the judge is asked about these sections."""
    model, catalog = drawn.judging.model, drawn.in_force.catalog
    card, prompt = catalog.models[model], prompt_for(sections)
    most = min(MOST_OUTPUT_TOKENS, card.max_output_tokens or MOST_OUTPUT_TOKENS)
    body = prompt.chat("json_schema" in (card.capabilities or ()), most)
    turns = (Turn("system", prompt.system), Turn("user", prompt.user))
    way = Way(
        path="/chat/completions",
        body=lambda name: with_model(body, name, catalog.speaks(model)),
        answer=told_by_chat,
        events=lambda: StreamReader(withhold_usage=False),
    )
    return Question("judge", model, way, RoutedRequest(model, turns, max_output_tokens=most))


def shadow_question(drawn: Drawn) -> Question | None:
    """What the baseline is asked; None where no shadow was drawn, or it answered itself."""
    baseline, catalog = drawn.in_force.policy.baseline, drawn.in_force.catalog
    answered = drawn.event.model
    if not drawn.lot.shadow or baseline is None or answered is None:
        return None
    if catalog.served_name(baseline) == catalog.served_name(answered):
        return None
    way = drawn.trace.call.way(catalog.speaks(baseline))
    return Question("shadow", baseline, way, drawn.routed.request)


def most_judge_usd(drawn: Drawn, question: Question) -> float | None:
    """The most that a judge's call is expected to cost, in US dollars; None if that is not known:
    its input by our estimate, which leans high, and all that it may write."""
    asked = question.request
    usage = Usage(asked.input_tokens, asked.max_output_tokens or MOST_OUTPUT_TOKENS)
    return baseline_cost(drawn.in_force.catalog.models[question.model], usage)


def has_effects(call: Call) -> bool:
    """Whether a provider may do more about a request than answer it."""
    if "chat" not in call.request.endpoints:
        return True
    body = msgspec.json.decode(call.way(_CHAT).body("model"))
    return any(_type_of(tool) not in _HARMLESS for tool in body.get("tools") or ())


def _type_of(tool: Any) -> object:
    return tool.get("type", "function") if isinstance(tool, dict) else None
