"""Cross-origin: web apps whose pages may call /v1 from a browser, where the operator names them.

Rule: /v1 alone is opened, which no cookie reaches (`access.py`): a page needs a key of its own, as
any other caller does. Without origins named nothing of this stands before a request.
"""

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from router.api.outgoing import Outgoing
from router.api.whole import sent_in_messages

_OPENED = "/v1/"
_METHODS = ("GET", "POST")


class CrossOrigin:
    """An application in front of another: to the pages of `origins` it tells that they may read
    the answers of /v1, and beforehand, when a browser asks, that they may send."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        # Without credentials `*` names every header. Clients send many of their own.
        self._opened = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=("*",),
            expose_headers=("*",),
            allow_private_network=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a page's request for /v1 as one; pass on every other as it is."""
        if not _is_of_a_page(scope):
            await self._app(scope, receive, send)
            return
        sent_in_messages(scope)
        await self._opened(scope, receive, Outgoing(send).send)


def _is_of_a_page(scope: Scope) -> bool:
    if scope["type"] != "http" or not scope["path"].startswith(_OPENED):
        return False
    return any(name == b"origin" for name, _ in scope["headers"])
