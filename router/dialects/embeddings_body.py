"""An embedding's body: bytes through, by the model's name.

Not routed: vectors of two models do not fit together, so there is nothing to choose. The policy's
limits bind all the same, and the same model on another upstream may stand in.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from router.answer import told_by_chat
from router.core.catalog import Endpoint
from router.core.limits import Limits
from router.core.request import RoutedRequest
from router.dialects.attached import texts
from router.dialects.fields import ANY, Fields
from router.dialects.identity import metadata_of, session_named, user_named
from router.dialects.prompt_input import turns_of
from router.errors import InvalidRequest
from router.ports import Way
from router.stream import StreamReader


class EmbeddingsBody:
    """One request body. Raises InvalidRequest naming the field at fault."""

    def __init__(self, content: bytes) -> None:
        self._fields = Fields(content)

    @property
    def user(self) -> str | None:
        """Whom the caller speaks for."""
        return user_named(self._fields)

    @property
    def session(self) -> str | None:
        """What the caller calls the conversation."""
        return session_named(self._fields)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the caller noted beside the request."""
        return metadata_of(self._fields)

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts of the request. Every text is an input of its own."""
        fields = self._fields
        request = RoutedRequest(
            model=fields.model(),
            turns=turns_of(fields.get("input", ANY), "input"),
            attached="\n".join(texts(fields.beside(("model", "input")))),
            limits=limits,
            endpoints=("embeddings",),
            separate=True,
        )
        if request.is_routed:
            raise InvalidRequest(
                "Embeddings of different models do not fit together: name the model.", "model"
            )
        return request

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """As bytes, with the model's name replaced."""
        return Way(
            path="/embeddings",
            body=lambda model: self._fields.written({"model": msgspec.json.encode(model)}),
            answer=told_by_chat,
            events=lambda: StreamReader(withhold_usage=False),
        )
