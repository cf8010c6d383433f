"""GET /metrics: Prometheus exposition."""

from starlette.requests import Request
from starlette.responses import Response

from router.api.state import runtime_of


async def metrics(request: Request) -> Response:
    """Everything counted so far."""
    content, media_type = runtime_of(request).metrics()
    return Response(content, headers={"content-type": media_type})
