"""Outgoing: the way out of one request, on which every answer gets a request id.

The id of the decision stands there already where something was decided.
"""

from starlette.types import Message, Send

from router.api.request_id import ANTHROPICS_NAME, NAME, new_id

_NAME, _ANTHROPICS = NAME.encode(), ANTHROPICS_NAME.encode()


class Outgoing:
    """Names the answer if need be, and knows whether it has `begun`."""

    __slots__ = ("_send", "begun")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self.begun = True
            headers = message.get("headers", ())
            if not any(name == _NAME for name, _ in headers):
                id = new_id("req_").encode()
                message = {**message, "headers": [*headers, (_NAME, id), (_ANTHROPICS, id)]}
        await self._send(message)
