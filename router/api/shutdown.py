"""What a caller hears whose request outlasts the time that a shutdown gives it."""

from starlette.responses import Response
from starlette.types import Receive, Scope

from router.api.errors import error_body
from router.api.outgoing import Outgoing

SHUT_DOWN = "The gateway was shut down before this answer was complete. Ask again."


async def cut_short(scope: Scope, receive: Receive, outgoing: Outgoing) -> None:
    """End in good form a request that the server cancels once we stop serving.

    Without that it would end as a crash, in the log and for the caller.
    """
    if outgoing.begun:
        # An event stream, which has told by now that it is not whole.
        await outgoing.send({"type": "http.response.body", "body": b"", "more_body": False})
    else:
        await _refusal()(scope, receive, outgoing.send)


def _refusal() -> Response:
    body = error_body(SHUT_DOWN, "server_error", "shut_down")
    return Response(body, 503, {"retry-after": "1"}, "application/json")
