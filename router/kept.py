"""Kept: which upstream keeps the answer or the conversation that a request goes on with.

OpenAI's responses and Anthropic's threads may be stored where they were made, and the next request
names no more than the id. Rule: nobody is asked for what it cannot know, and no API key gets what
another one was given.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from router.core.catalog import Catalog, Endpoint
from router.core.event import RoutingEvent
from router.core.request import RoutedRequest
from router.core.session import ANSWER, CONVERSATION, THREAD, Held, State
from router.errors import UnknownAnswer, UnknownConversation, UnknownThread
from router.ports import SessionStore

KEPT_S = 30 * 24 * 3600.0
"""OpenAI keeps an answer for thirty days."""

KEEPING: Mapping[str, Endpoint] = {
    ANSWER: "responses",
    CONVERSATION: "responses",
    THREAD: "messages",
}
"""By the field that goes on with it: what is spoken by whoever keeps it."""

_ERRORS = {ANSWER: UnknownAnswer, CONVERSATION: UnknownConversation, THREAD: UnknownThread}
_UNKNOWN = {
    ANSWER: "No answer of this id was given here lately, so nobody can go on with it: send the"
    " whole conversation as input.",
    CONVERSATION: "It is not known here which upstream keeps this conversation: ask for a model of"
    " that upstream by its name, once.",
    THREAD: "No message of this id was given here lately, so nobody can go on with its thread: send"
    " the whole conversation.",
}
_KEPT_BY = {"responses": ANSWER, "messages": THREAD}
"""Fields by which what an endpoint answers is gone on with."""


async def known(
    request: RoutedRequest, state: State, catalog: Catalog, store: SessionStore
) -> RoutedRequest:
    """The request with the model whose upstream keeps its state, if that was seen.

    Raises UnknownAnswer, UnknownConversation and UnknownThread, unless there is no choice of whom
    to ask: the request names its model, or one upstream alone keeps anything. An answer is asked
    for in the name of no key but that which it was given to.
    """
    held = await store.find(state.name)
    if held is not None and held.model in catalog.models:
        if request.is_routed or _upstream(catalog, request.model) == _upstream(catalog, held.model):
            return replace(request, held=held)
        raise _ERRORS[state.field](
            f"The upstream of {held.model} keeps it, and that of {request.model} does not know it:"
            " ask for auto, or for that model.",
            state.field,
        )
    is_anothers = bool(state.owner) and state.field != CONVERSATION
    if is_anothers or (request.is_routed and len(catalog.speaking(KEEPING[state.field])) > 1):
        raise _ERRORS[state.field](_UNKNOWN[state.field], state.field)
    return request


async def keep(
    store: SessionStore, id: str | None, event: RoutingEvent, state: State | None
) -> None:
    """Remember which model gave an answer that its upstream keeps by `id`, if it does, and so has
    the conversation that it belongs to."""
    if id is None or event.model is None or event.outcome != "ok":
        return
    held = Held(event.model, draw=event.draw)
    await store.hold(State(_KEPT_BY[event.endpoint], id, event.key_name or "").name, held)
    if state is not None and state.field == CONVERSATION:
        await store.hold(state.name, held)


def _upstream(catalog: Catalog, model: str) -> str:
    return catalog.models[model].upstream
