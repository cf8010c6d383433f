"""Bodies that are served by the model's name: bytes through, and nothing is chosen.

Vectors of two models do not fit together, scores of two moderators or rankers mean different
things, and of pictures and sound nothing is judged here. The policy's limits bind all the same,
and the same model on another upstream may stand in.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from router.answer import UsageFields, raw_usage_of, read_responses_usage, read_usage
from router.core.catalog import Endpoint
from router.core.cost import Usage
from router.core.limits import Limits
from router.core.request import RoutedRequest, Turn
from router.dialects.attached import texts
from router.dialects.fields import ANY, TEXT, Fields
from router.dialects.identity import Identified
from router.errors import InvalidRequest
from router.ports import Events, Told, Way
from router.stream import StreamReader

Turns = Callable[[Any, str], tuple[Turn, ...]]
"""Reads the value of a field, whose name it is given. Raises InvalidRequest naming what is none."""


@dataclass(frozen=True, slots=True)
class Streaming:
    """How an answer comes that comes in pieces: who follows its events, the content types whose
    bytes go on as they arrive, and the headers that ask for it."""

    events: Callable[[], Events]
    as_bytes: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def never(fields: Fields) -> Streaming | None:
    """Of an endpoint whose answers are always whole."""
    return None


def made_of(kind: Literal["image", "audio"]) -> Callable[[UsageFields], Usage | None]:
    """Reads the usage of an answer that is a picture or sound: where it does not tell how much of
    what was written is of this kind, all of it is. Who tells that nothing was has not counted."""

    def read(told: UsageFields) -> Usage | None:
        usage, details = read_responses_usage(told), told.get("output_tokens_details")
        if usage is None or not usage.output_tokens:
            return None
        if isinstance(details, dict) and f"{kind}_tokens" in details:
            return usage
        return replace(usage, **{f"output_{kind}_tokens": usage.output_tokens})

    return read


@dataclass(frozen=True, slots=True)
class Kind:
    """One endpoint: what an upstream is said to speak, its path there, and the fields that hold
    what is asked, each with what reads them as turns.

    `why` tells a caller who leaves the model to us why he must not; `default` is the model that
    OpenAI takes where none is named. `answers` is the field that says how many are made. `usage`
    reads what an answer tells of its tokens; `beside` is how often a call does what is charged for
    beside tokens where it tells none. `streaming` tells how the answer to a body comes, None for a
    whole one.
    """

    endpoint: Endpoint
    path: str
    inputs: Mapping[str, Turns]
    why: str
    default: str | None = None
    answers: str | None = None
    usage: Callable[[UsageFields], Usage | None] = read_usage
    beside: int = 0
    streaming: Callable[[Fields], Streaming | None] = never


class NamedBody(Identified):
    """One request body of a kind. Raises InvalidRequest naming the field at fault."""

    def __init__(self, content: bytes, kind: Kind) -> None:
        self._fields = Fields(content)
        self._kind = kind
        self._streaming = kind.streaming(self._fields)

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts of the request. Every text is an input of its own."""
        fields, kind = self._fields, self._kind
        read = (turns(fields.get(name, ANY), name) for name, turns in kind.inputs.items())
        answers = (kind.answers,) if kind.answers else ()
        unnamed = kind.default if not fields.get("model", TEXT) else None
        request = RoutedRequest(
            model=unnamed or fields.model("Expected the name of a model."),
            turns=tuple(chain.from_iterable(read)),
            stream=self._streaming is not None,
            attached="\n".join(texts(fields.beside(("model", *kind.inputs)))),
            limits=limits,
            counts=fields.counts(answers),
            answers=next((count for _, count in fields.counts(answers)), 1),
            endpoints=(kind.endpoint,),
            separate=True,
        )
        if request.is_routed:
            raise InvalidRequest(f"{kind.why}: name the model.", "model")
        return request

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """As bytes, with the model's name replaced."""
        streaming = self._streaming or Streaming(lambda: StreamReader(withhold_usage=False))
        return Way(
            path=self._kind.path,
            body=lambda model: self._fields.written({"model": msgspec.json.encode(model)}),
            answer=self._told,
            events=streaming.events,
            headers=streaming.headers,
            as_bytes=streaming.as_bytes,
            beside=self._kind.beside,
        )

    def _told(self, body: bytes) -> Told:
        usage = raw_usage_of(body)
        return Told(body, None if usage is None else self._kind.usage(usage), 0)
